/** Imports a package as a program beside this file would; `install.ts` copies it to where the clients are installed. */
export const load = (specifier) => import(specifier);
