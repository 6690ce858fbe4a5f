"""How the page looks: one sheet for wide and narrow, light and dark; no font, no picture."""

STYLE = """
:root{color-scheme:light dark;--page:#f6f6f3;--card:#fff;--ink:#1d2227;--soft:#59626c;
--line:#dedfdb;
--faint:#efefeb;--s0:#24708f;--s1:#b4601c;--s2:#6a5aa8;--good:#20703f;--warn:#8a5a00;--bad:#b02a20}
@media(prefers-color-scheme:dark){:root{--page:#14171a;--card:#1c2024;--ink:#e7e9eb;--soft:#a2abb4;
--line:#33393f;--faint:#23282d;--s0:#79bfdc;--s1:#eda668;--s2:#b7a9ec;--good:#74cd95;--warn:#e5b64c;
--bad:#ff8f84}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.wrap{max-width:1240px;margin:0 auto;padding:20px 16px 48px}
.top{display:flex;flex-wrap:wrap;gap:4px 16px;justify-content:space-between;color:var(--soft);
font-size:.875rem}
h1{font-size:clamp(1.5rem,1.1rem + 1.9vw,2.25rem);line-height:1.2;margin:.15em 0 .4em;
letter-spacing:-.01em;text-wrap:balance}
h2{font-size:1.25rem;margin:0 0 .2rem}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
p{margin:.3rem 0;max-width:74ch}
.hero{border-left:6px solid var(--soft);padding:2px 0 2px 18px;margin:18px 0 20px}
.hero.good{border-color:var(--good)}.hero.warn{border-color:var(--warn)}.hero.bad{border-color:var(--bad)}
.state{font-weight:600;white-space:nowrap}
.good .state,.state.good{color:var(--good)}.warn .state,.state.warn{color:var(--warn)}
.bad .state,.state.bad{color:var(--bad)}
.notes{margin:.8rem 0 0;padding:0;list-style:none}
.notes li{margin:.25rem 0;overflow-wrap:anywhere}
.notes b{font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;
margin:0 0 22px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
.tile dt{color:var(--soft);font-size:.8125rem}
.tile dd{margin:0;font-size:1.25rem;font-weight:600;line-height:1.3;
font-variant-numeric:tabular-nums}
.tile dd small{display:block;font-size:.8125rem;font-weight:400;color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:2px 18px;margin:0 0 14px;font-size:.9375rem}
a{color:var(--s0);text-underline-offset:3px}
nav a{padding:4px 0}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px;
margin:0 0 16px;scroll-margin-top:12px}
.lead,.muted{color:var(--soft)}
.lead{margin-bottom:.8rem}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));
gap:18px 28px;
margin:10px 0 16px}
.plot{margin:0;max-width:560px;min-width:0;display:flex;flex-direction:column}
.plot figcaption{font-size:.875rem;color:var(--soft);margin-bottom:4px}
.plot figcaption b{display:block;color:var(--ink);font-size:.9375rem}
.plot svg{display:block;width:100%;height:auto;margin-top:auto}
.t{font-size:12px;fill:var(--soft)}
.grid{stroke:var(--line);fill:none}
.usual{stroke:var(--ink);stroke-dasharray:5 4;fill:none;opacity:.7}
.c{fill:var(--s0)}.c.bad{fill:var(--bad)}
.cut{stroke:var(--card);stroke-width:3;fill:none}
.l{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.l.s0{stroke:var(--s0)}.l.s1{stroke:var(--s1);stroke-dasharray:6 5}
.l.s2{stroke:var(--s2);stroke-dasharray:1 5}
.d.s0{fill:var(--s0)}.d.s1{fill:var(--s1)}.d.s2{fill:var(--s2)}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:.8125rem;color:var(--soft)}
.key{display:inline-block;width:22px;margin-right:6px;vertical-align:middle;
border-top:3px solid var(--s0)}
.key.s1{border-top:3px dashed var(--s1)}.key.s2{border-top:3px dotted var(--s2)}
.box{overflow-x:auto;margin:0 -18px;padding:0 18px}
.box:focus-visible{outline:2px solid var(--s0);outline-offset:-2px}
table{border-collapse:collapse;min-width:min(100%,54rem);font-size:.9375rem}
.caption{color:var(--soft);font-size:.875rem;margin:.6rem 0 .2rem}
th,td{padding:6px 18px 6px 0;text-align:left;vertical-align:baseline;
border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-weight:500;font-size:.8125rem;vertical-align:bottom}
tbody th{font-weight:500;min-width:7.5rem}
thead .n{white-space:normal}
tbody tr:last-child>*{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.w{white-space:nowrap}
.long{min-width:15rem;overflow-wrap:anywhere}
tr.whole>*{font-weight:600}
tr.part>:first-child{padding-left:1.1rem;font-weight:400}
.spark{width:104px;height:25px;display:block}
td.sp{width:110px}
code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;
background:var(--faint);border-radius:4px;padding:1px 5px;overflow-wrap:anywhere}
.do{display:grid;grid-template-columns:minmax(0,auto) minmax(0,1fr);gap:6px 18px;margin:.6rem 0 0}
.do dt{color:var(--soft)}.do dd{margin:0}
details{margin-top:.8rem}summary{cursor:pointer;color:var(--s0)}
footer{color:var(--soft);font-size:.875rem;padding:4px 2px}
@media(max-width:640px){.do{grid-template-columns:1fr;gap:0}.do dd{margin-bottom:.5rem}
section{padding:14px}.box{margin:0;padding:0}.tiles{grid-template-columns:1fr 1fr}
.tile{padding:8px 12px}.tile dd{font-size:1.2rem}
.box th:first-child{position:sticky;left:0;background:var(--card)}
nav a{padding:8px 0}}
@media print{body{background:#fff}section{break-inside:avoid}nav{display:none}}
"""
