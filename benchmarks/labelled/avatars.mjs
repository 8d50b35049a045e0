// Draw avatars: the same character with other expressions, framings and backgrounds.
// Usage: node avatars.mjs FOLDER CHARACTERS VIEWS SIZE; writes STYLE-CHARACTER-VIEW.png.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, characters, views, size] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const require = createRequire(join(process.cwd(), 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { createAvatar } = await load('@dicebear/core');
const collection = await load('@dicebear/collection');
const { Resvg } = (await load('@resvg/resvg-js')).default;

// Style → what changes between the pictures of a character; everything else follows from its seed.
const STYLES = {
  adventurer: ['eyes', 'eyebrows', 'mouth'],
  avataaars: ['eyes', 'eyebrows', 'mouth'],
  bigEars: ['eyes', 'mouth'],
  lorelei: ['eyes', 'eyebrows', 'mouth'],
  micah: ['eyes', 'eyebrows', 'mouth'],
  openPeeps: ['face'],
  personas: ['eyes', 'mouth'],
  toonHead: ['eyes', 'eyebrows', 'mouth'],
};
const GROUNDS = ['b6e3f4', 'c0aede', 'd1d4f9', 'ffd5dc', 'ffdfbf', 'e8e8e8', 'c7e9c0', 'fdf3c0'];

// Numbers in [0, 1) from a text: mulberry32 over FNV-1a.
function numbers(text) {
  let state = 2166136261;
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

for (const [name, changing] of Object.entries(STYLES)) {
  const style = collection[name];
  for (let character = 0; character < characters; character += 1) {
    for (let view = 0; view < views; view += 1) {
      const file = join(folder, `${name}-${character}-${view}.png`);
      if (existsSync(file)) continue;
      const next = numbers(`${name} ${character} ${view}`);
      const pick = (list) => list[Math.floor(next() * list.length)];
      const options = {
        seed: `character ${character}`,
        size,
        flip: next() < 0.5,
        scale: Math.round(75 + 35 * next()),
        rotate: Math.round(-12 + 24 * next() + 360) % 360,
        translateX: Math.round(-8 + 16 * next()),
        translateY: Math.round(-6 + 12 * next()),
        backgroundColor: [pick(GROUNDS)],
      };
      for (const part of changing) options[part] = [pick(style.schema.properties[part].items.enum)];
      const svg = createAvatar(style, options).toString();
      writeFileSync(file, new Resvg(svg, { fitTo: { mode: 'width', value: size } }).render().asPng());
    }
  }
}
