// @ts-check
// `npm start`: installs and builds what is missing, then runs the server in this very process, so that signals
// reach it directly.
import { build, installDependencies, root } from './install.mjs';

installDependencies();
build();
// npm runs scripts in the repository's root; "./data" is meant to be there.
process.chdir(root);
await import('../server/bundle/serve.js');
