/** The style sheet of all pages: one column that fits a phone, light and dark as the browser asks, no image and no font. */
export const style = `
:root{color-scheme:light dark;--ground:#f5f6f8;--card:#fff;--ink:#16202e;--soft:#52606f;--line:#d9dfe6;--accent:#0b5cad;--on-accent:#fff;
--warn-ground:#fff5e0;--warn-ink:#7a4b00;--warn-line:#f0d49a;--code:#eef1f5}
@media (prefers-color-scheme:dark){:root{--ground:#10151c;--card:#19212b;--ink:#e8edf3;--soft:#a3b1c0;--line:#313d4b;--accent:#6cb2ff;
--on-accent:#08223d;--warn-ground:#33270f;--warn-ink:#f5cf85;--warn-line:#5c4720;--code:#232d39}}
*{box-sizing:border-box}
body{margin:0;padding:1rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:34rem;margin:4vh auto;padding:1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
@media (max-width:30rem){body{padding:0}main{margin:0;border:0;border-radius:0;min-height:100vh;padding:1.25rem}}
h1{margin:.25rem 0 1rem;font-size:1.4rem;line-height:1.3;overflow-wrap:anywhere}
h2{margin:1.5rem 0 .5rem;font-size:1rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
.brand{margin:0;color:var(--soft);font-size:.875rem;font-weight:600;letter-spacing:.02em}
.badge{display:inline-block;padding:.15rem .6rem;border:1px solid var(--line);border-radius:.85rem;font-size:.8125rem;color:var(--soft);overflow-wrap:anywhere}
.badge.warn{background:var(--warn-ground);border-color:var(--warn-line);color:var(--warn-ink)}
.note{margin:.75rem 0;padding:.75rem 1rem;border:1px solid var(--warn-line);border-radius:.5rem;background:var(--warn-ground);color:var(--warn-ink)}
.soft{color:var(--soft);font-size:.9375rem}
form+.soft{margin-top:1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:.5rem 0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
code{padding:.1rem .35rem;border-radius:.3rem;background:var(--code);font:.875em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{margin:.75rem 0;padding:.75rem 1rem;border-radius:.5rem;background:var(--code);white-space:pre-wrap;overflow-wrap:anywhere}
pre code{padding:0;background:none}
ul{margin:.5rem 0;padding:0;list-style:none}
li{margin:.5rem 0;padding-left:1.5rem;position:relative}
li::before{content:"✓";position:absolute;left:0;color:var(--accent);font-weight:700}
li.not::before{content:"–";color:var(--soft)}
li.not{color:var(--soft)}
li span{display:block;color:var(--soft);font-size:.9375rem}
form{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
button,.button{display:grid;place-items:center;flex:1 1 9rem;padding:.7rem 1rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:var(--ink);
font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
button.main,.button.main{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button:focus-visible,.button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`;
