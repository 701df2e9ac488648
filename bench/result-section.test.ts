import { expect, test } from 'vitest';
import { getSection, putSection } from './result-section.js';

const page = '# Page\n\nLead.\n\n## One\n\nfirst $& text\n\n## Two\n\n### Part\n\nsecond\n';

test('a section is replaced and the rest stays as it is', () => {
  expect(putSection(page, 'One', 'other $& text\n')).toBe(page.replace('first', 'other'));
  expect(putSection(page, 'Two', 'other')).toBe(page.replace('### Part\n\nsecond', 'other'));
  expect(putSection(page, 'Two', '### Part\n\nsecond')).toBe(page);
});

test('a new section comes at the end', () => {
  expect(putSection(page, 'Three', 'third')).toBe(`${page}\n## Three\n\nthird\n`);
});

test('a section is read with its heading, and only by its whole title', () => {
  expect(getSection(page, 'One')).toBe('## One\n\nfirst $& text\n');
  expect(getSection(page, 'Tw')).toBeUndefined();
});
