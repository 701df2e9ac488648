#!/usr/bin/env node
/** The command `halo`. */
console.log('halo');
