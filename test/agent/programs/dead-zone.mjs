// Loads a module that rests in the middle of its own code, where its later bindings are not initialised yet.
let open;
let look;
let loading;
export const gate = new Promise((resolve) => { open = resolve; });
export const offer = (given) => { look = given; };
export const begin = () => { loading = import('./dead-zone-resting.mjs'); return new Promise((resolve) => setTimeout(resolve, 50)); };
export const end = () => { open(); return loading.then(() => 1); };
export const glance = () => look();
