import './ui/styles.js';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { session } from './session/browser-session.js';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');

void session.start();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
