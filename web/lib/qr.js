// A QR code of a short text, by ISO/IEC 18004: bytes, error correction M, versions 1 to 10. Pure.
const CODEWORDS = [0, 26, 44, 70, 100, 134, 172, 196, 242, 292, 346]; // of a version, data and correction
const CORRECTION = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26]; // codewords of one block
const BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5];
const ALIGNMENT = [[], [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const LEVEL_M = 0;
const MASKS = [
  (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

// The field of 256 elements over x⁸ + x⁴ + x³ + x² + 1.
const EXP = [];
const LOG = [];
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = x;
  LOG[x] = i;
  x <<= 1;
  if (x & 256) x ^= 0x11d;
}
const times = (a, b) => (a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0);

/** The remainder of a block by the generator polynomial of this degree (Reed–Solomon). */
function correction(block, degree) {
  let generator = [1];
  for (let i = 0; i < degree; i++) {
    const next = [...generator, 0];
    generator.forEach((one, at) => { next[at + 1] ^= times(one, EXP[i]); });
    generator = next;
  }
  const rest = Array(degree).fill(0);
  for (const byte of block) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    for (let i = 0; i < degree; i++) rest[i] ^= times(generator[i + 1], factor);
  }
  return rest;
}

const capacityOf = (version) => CODEWORDS[version] - CORRECTION[version] * BLOCKS[version];
const headOf = (version) => (version < 10 ? 12 : 20); // bits of mode and length

function codewords(bytes, version) {
  const bits = [];
  const put = (value, count) => { for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1); };
  const room = capacityOf(version);
  put(4, 4);
  put(bytes.length, headOf(version) - 4);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, room * 8 - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room * 8; pad ^= 0xec ^ 0x11) put(pad, 8);
  const data = [];
  for (let i = 0; i < bits.length; i += 8) data.push(bits.slice(i, i + 8).reduce((all, bit) => (all << 1) | bit, 0));

  const count = BLOCKS[version];
  const short = Math.floor(room / count);
  const blocks = [];
  for (let i = 0, from = 0; i < count; i++) {
    const length = short + (i >= count - (room % count) ? 1 : 0);
    blocks.push(data.slice(from, from + length));
    from += length;
  }
  const checks = blocks.map((block) => correction(block, CORRECTION[version]));
  const woven = (all) => Array.from({ length: Math.max(...all.map((one) => one.length)) }, (_, i) => all.map((one) => one[i])).flat();
  return [...woven(blocks), ...woven(checks)].filter((one) => one !== undefined);
}

/** Where nothing but data may be drawn is undefined; all else is drawn already. */
function frame(version) {
  const size = 17 + 4 * version;
  const grid = Array.from({ length: size }, () => Array(size));
  const finder = (left, top) => {
    for (let y = -1; y < 8; y++) {
      for (let x = -1; x < 8; x++) {
        const ring = Math.max(Math.abs(x - 3), Math.abs(y - 3));
        if (grid[top + y] && left + x >= 0 && left + x < size) grid[top + y][left + x] = ring !== 2 && ring < 4;
      }
    }
  };
  finder(0, 0);
  finder(size - 7, 0);
  finder(0, size - 7);
  for (const y of ALIGNMENT[version]) {
    for (const x of ALIGNMENT[version]) {
      if (grid[y][x] !== undefined) continue; // a finder is there
      for (let dy = -2; dy < 3; dy++) for (let dx = -2; dx < 3; dx++) grid[y + dy][x + dx] = Math.max(Math.abs(dx), Math.abs(dy)) !== 1;
    }
  }
  for (let i = 8; i < size - 8; i++) { grid[6][i] ??= i % 2 === 0; grid[i][6] ??= i % 2 === 0; }
  return grid;
}

function check(value, length, generator) {
  let rest = value;
  for (let i = 0; i < length; i++) rest = (rest << 1) ^ ((rest >> (length - 1)) * generator);
  return (value << length) | rest;
}

function facts(grid, version, mask) {
  const size = grid.length;
  const format = check((LEVEL_M << 3) | mask, 10, 0x537) ^ 0x5412;
  for (let i = 0; i < 15; i++) {
    const on = Boolean((format >> i) & 1);
    if (i < 6) grid[i][8] = on; else if (i < 8) grid[i + 1][8] = on; else if (i === 8) grid[8][7] = on; else grid[8][14 - i] = on;
    if (i < 8) grid[8][size - 1 - i] = on; else grid[size - 15 + i][8] = on;
  }
  grid[size - 8][8] = true;
  if (version < 7) return;
  const number = check(version, 12, 0x1f25);
  for (let i = 0; i < 18; i++) {
    const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
    grid[a][b] = grid[b][a] = Boolean((number >> i) & 1);
  }
}

/** How hard a code is to read, by the four features of the standard. */
function penalty(grid) {
  const size = grid.length;
  let sum = 0;
  const lines = [...grid, ...grid.map((_, x) => grid.map((row) => row[x]))];
  for (const line of lines) {
    const text = line.map(Number).join('');
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
    for (const pattern of ['10111010000', '00001011101']) for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) sum += 40;
  }
  for (let y = 1; y < size; y++) for (let x = 1; x < size; x++) if (grid[y][x] === grid[y][x - 1] && grid[y][x] === grid[y - 1][x] && grid[y][x] === grid[y - 1][x - 1]) sum += 3;
  const dark = grid.flat().filter(Boolean).length / size ** 2;
  return sum + Math.floor(Math.abs(dark * 100 - 50) / 5) * 10;
}

/** Rows of modules, true where it is dark; null where the text is too long. `mask`: by its number instead of the best. */
export function qr(text, mask = null) {
  const bytes = [...new TextEncoder().encode(text)];
  const version = CODEWORDS.findIndex((_, at) => at && headOf(at) + bytes.length * 8 <= capacityOf(at) * 8);
  if (version < 1) return null;
  const words = codewords(bytes, version);
  const drawn = (which) => {
    const grid = frame(version);
    facts(grid, version, which);
    let at = 0;
    for (let right = grid.length - 1; right > 0; right -= right === 8 ? 3 : 2) {
      const upward = ((right > 6 ? right : right + 1) & 2) === ((grid.length - 1) & 2);
      for (let i = 0; i < grid.length; i++) {
        const y = upward ? grid.length - 1 - i : i;
        for (const x of [right, right - 1]) {
          if (grid[y][x] !== undefined) continue;
          grid[y][x] = Boolean(((words[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) !== MASKS[which](x, y);
          at++;
        }
      }
    }
    return grid;
  };
  if (mask !== null) return drawn(mask);
  return MASKS.map((_, which) => drawn(which)).reduce((best, one) => (penalty(one) < penalty(best) ? one : best));
}
