export const jsonContentType = 'application/json';
export const textContentType = 'text/plain; charset=utf-8';
