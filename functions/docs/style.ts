/** The page's whole style; light or dark as the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1b1f24,#e6e9ed);--dim:light-dark(#59636e,#9aa4af);--line:light-dark(#d8dee4,#343b43);--paper:light-dark(#fff,#15181c);--card:light-dark(#f6f8fa,#1c2127);--link:light-dark(#0b57b0,#7db7ff);--get:light-dark(#0a6640,#5fd39b);--post:light-dark(#0b57b0,#7db7ff);--put:light-dark(#8a5000,#f0b35b);--delete:light-dark(#a5281b,#ff8f85)}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
a{color:var(--link)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{overflow-wrap:anywhere}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.75rem;overflow-x:auto;white-space:pre-wrap}
.frame{display:grid;grid-template-columns:17rem minmax(0,1fr);max-width:84rem;margin:0 auto}
nav{position:sticky;top:0;align-self:start;height:100vh;overflow:auto;padding:1.5rem 1rem;border-right:1px solid var(--line);font-size:.875rem}
nav ul{list-style:none;margin:0 0 1rem;padding:0}
nav li{margin:.15rem 0}
nav a{text-decoration:none}
nav strong a{color:var(--ink)}
main{padding:1.5rem 2rem 6rem;max-width:60rem}
h1{margin:0;font-size:1.75rem}
h2{margin:3rem 0 .25rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{margin:0;font-size:1.05rem}
h4{margin:1rem 0 .25rem;font-size:.8rem;color:var(--dim);text-transform:uppercase;letter-spacing:.04em}
.version,.dim,.limits,.says,.or{color:var(--dim)}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem}
article{margin:1.25rem 0;padding:1rem;border:1px solid var(--line);border-radius:8px}
.call{display:flex;flex-wrap:wrap;gap:.5rem;align-items:baseline;margin:.35rem 0 0}
.method{font-weight:700;font-size:.8rem}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.delete{color:var(--delete)}
.fields{list-style:none;margin:.25rem 0;padding:0}
.fields .fields{margin-left:.5rem;padding-left:.9rem;border-left:2px solid var(--line)}
.fields li{margin:.3rem 0}
.name{font-weight:600}
.required{color:var(--delete);font-size:.75rem}
.limits::before{content:"("}.limits::after{content:")"}
.limits{font-size:.875rem}
.or{margin:.25rem 0;font-size:.875rem}
.answers{margin:.25rem 0;padding:0;list-style:none}
.answers .dim{display:inline-block;margin-right:1rem}
.status{font-weight:700;font-variant-numeric:tabular-nums}
details{margin:.25rem 0 .25rem}
summary{cursor:pointer}
@media (max-width:52rem){.frame{display:block}nav{position:static;height:auto;max-height:40vh;border-right:0;border-bottom:1px solid var(--line)}main{padding:1rem}}
@media print{nav{display:none}.frame{display:block}}
`;
