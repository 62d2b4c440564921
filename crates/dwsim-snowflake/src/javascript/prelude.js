// Values by type code: n number, s text, b boolean, x bytes, d date or timestamp, v variant.
class SfDate extends Date {
  getEpochSeconds() { return Math.floor(this.getTime() / 1000); }
  getNanoSeconds() { return ((this.getTime() % 1000) + 1000) % 1000 * 1000000; }
  getTimezone() { return "UTC"; }
  getScale() { return 3; }
}
function $in(v, t) {
  if (v === null) return undefined;
  switch (t) {
    case "d": return new SfDate(v);
    case "x": {
      const out = new Uint8Array(v.length / 2);
      for (let i = 0; i < out.length; i++) out[i] = parseInt(v.substr(2 * i, 2), 16);
      return out;
    }
    case "n": return typeof v === "string" ? Number(v) : v;
    case "v": return v.j;
    default: return v;
  }
}
function $out(v, t) {
  if (v === undefined) return null;
  switch (t) {
    case "v": {
      if (v === null) return "null";
      const text = JSON.stringify(v);
      return text === undefined ? null : text;
    }
    case "d": {
      if (v === null) return null;
      if (v instanceof Date) {
        const ms = v.getTime();
        if (Number.isNaN(ms)) throw new RangeError("Invalid Date");
        return ms;
      }
      return String(v);
    }
    case "x": {
      if (v === null) return null;
      if (!(v instanceof Uint8Array)) throw new TypeError("a BINARY value must be a Uint8Array");
      let hex = "";
      for (const b of v) hex += b.toString(16).padStart(2, "0");
      return hex;
    }
    case "n": {
      if (v === null) return null;
      if (typeof v === "bigint") return v.toString();
      if (typeof v === "number") return Number.isFinite(v) ? v : String(v);
      if (typeof v === "boolean") return v ? 1 : 0;
      return String(v);
    }
    case "b": return v === null ? null : (typeof v === "string" ? v : Boolean(v));
    default: {
      if (v === null) return null;
      if (typeof v === "object") return v instanceof Date ? v.toISOString() : (JSON.stringify(v) ?? null);
      return String(v);
    }
  }
}
function $rows(text, types) {
  const t = types.split("");
  return JSON.parse(text).map(r => r.map((v, i) => $in(v, t[i])));
}
function $scalar(text, types, returns) {
  return JSON.stringify($rows(text, types).map(r => $out($f.apply(undefined, r), returns)));
}
function $table(text, types, shape) {
  const { names, columns, codes } = JSON.parse(shape);
  const out = [];
  let current = [];
  const writer = {
    writeRow(row) {
      current.push(columns.map((c, i) => $out(row === null || row === undefined ? undefined : row[c], codes[i])));
    },
  };
  const context = {};
  const handler = $f;
  const rows = $rows(text, types);
  if (typeof handler.initialize === "function") {
    handler.initialize({}, context);
  }
  for (const r of rows) {
    current = [];
    const row = {};
    names.forEach((n, i) => { row[n] = r[i]; });
    if (typeof handler.processRow === "function") handler.processRow(row, writer, context);
    out.push(current);
  }
  current = [];
  if (typeof handler.finalize === "function") handler.finalize(writer, context);
  return JSON.stringify({ rows: out, last: current });
}
