/**
 * A script that makes the page as heavy as reports say WhatsApp Web is: it is parsed, compiled and run, and keeps objects
 * for the life of the page. For measurements of what a session needs; without it the page is light.
 */
export type PageWeight = {
  /** Size of the script, MB. */
  readonly scriptMegabytes: number;
  /** Objects that the page keeps, MB of JavaScript heap. */
  readonly heapMegabytes: number;
};

/** People who run whatsapp-web.js report about 400 MB for a session with its browser; the light page has 220. */
export const REPORTED_WEIGHT: PageWeight = { scriptMegabytes: 12, heapMegabytes: 260 };

const MB = 1_000_000;
/** Each is compiled once; every fourth is run, as a page runs a part of what it loads. */
const moduleText = (n: number): string =>
  `M[${n}]=function(a){var r={id:${n},name:"module-${n}",parts:[]};for(var i=0;i<a;i++){r.parts.push({n:i,key:"part-${n}-"+i,at:i*${n}+1})}` +
  `switch(a%5){case 0:r.kind="list-${n}";break;case 1:r.kind="map-${n}";break;default:r.kind="other-${n}"}return r};\n`;

/** The script's text. */
export const weightScript = ({ scriptMegabytes, heapMegabytes }: PageWeight): string => {
  const modules: string[] = [];
  for (let bytes = 0, n = 0; bytes < scriptMegabytes * MB; n++) {
    const text = moduleText(n);
    modules.push(text);
    bytes += text.length;
  }
  return [
    '(function(){var M=[];',
    ...modules,
    'var kept=[];for(var i=0;i<M.length;i+=4)kept.push(M[i](3));',
    // About 100 bytes each: one object and one separate string.
    `for(var k=0;k<${Math.round((heapMegabytes * MB) / 100)};k++)kept.push({id:"kept-"+k,at:k,from:k%97});`,
    'window.__weight=kept;})();',
  ].join('');
};
