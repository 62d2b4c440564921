const $send = $native;
delete globalThis.$native;
function $request(kind, body) {
  const answer = JSON.parse($send(JSON.stringify({ kind, ...body })));
  if (answer.error) {
    const e = new Error(answer.error.message);
    e.code = answer.error.code;
    e.state = answer.error.state;
    e.message = answer.error.message;
    e.stackTraceTxt = "At Snowflake.execute, line 1 position 0";
    throw e;
  }
  return answer;
}
class ResultSet {
  constructor(a) {
    this.$ = { at: -1, a };
  }
  $index(c) {
    const { a } = this.$;
    if (typeof c === "number") {
      if (c < 1 || c > a.columns.length) throw new Error("Given column name/index does not exist: " + c);
      return c - 1;
    }
    const i = a.columns.findIndex(n => n.name === c || n.name === String(c).toUpperCase());
    if (i < 0) throw new Error("Given column name/index does not exist: " + c);
    return i;
  }
  next() {
    const { a } = this.$;
    this.$.at++;
    if (this.$.at >= a.rows.length) return false;
    a.columns.forEach((c, i) => { this[c.name] = $cell(a.rows[this.$.at][i], c.code); });
    return true;
  }
  getColumnValue(c) {
    const i = this.$index(c), { a, at } = this.$;
    if (at < 0 || at >= a.rows.length) throw new Error("ResultSet is empty or not prepared, call next() first");
    return $cell(a.rows[at][i], a.columns[i].code);
  }
  getColumnValueAsString(c) {
    const i = this.$index(c), { a, at } = this.$;
    const v = $cell(a.rows[at][i], a.columns[i].code);
    return v === null || v === undefined ? null : (typeof v === "object" && !(v instanceof Date) ? JSON.stringify(v) : String(v));
  }
  getColumnCount() { return this.$.a.columns.length; }
  getColumnName(i) { return this.$.a.columns[this.$index(i)].name; }
  getColumnType(i) { return this.$.a.columns[this.$index(i)].type; }
  getColumnSqlType(i) { return this.$.a.columns[this.$index(i)].sql; }
  getColumnScale(i) { return this.$.a.columns[this.$index(i)].scale; }
  isColumnNullable() { return true; }
  getRowCount() { return this.$.a.rows.length; }
  getNumRowsAffected() { return this.$.a.affected; }
  getQueryId() { return this.$.a.id; }
}
function $cell(v, code) {
  const out = $in(v, code);
  return out === undefined ? null : out;
}
class Statement {
  constructor(o) {
    if (o === null || typeof o !== "object" || typeof o.sqlText !== "string") {
      throw new Error("Invalid argument: sqlText must be a string");
    }
    this.$ = { sql: o.sqlText, binds: o.binds || [], result: null };
  }
  execute() {
    const binds = this.$.binds.map(b => {
      if (b === undefined || b === null) return { t: "null" };
      if (b instanceof Date) return { t: "d", v: b.getTime() };
      if (b instanceof Uint8Array) return { t: "x", v: $out(b, "x") };
      if (typeof b === "number") return { t: "n", v: String(b) };
      if (typeof b === "boolean") return { t: "b", v: b };
      if (typeof b === "object") throw new Error("Unsupported type for binding argument: " + typeof b);
      return { t: "s", v: String(b) };
    });
    const a = $request("execute", { sql: this.$.sql, binds });
    this.$.result = a;
    return new ResultSet(a);
  }
  $done() {
    if (this.$.result === null) throw new Error("Statement is not executed yet");
    return this.$.result;
  }
  getSqlText() { return this.$.sql; }
  getQueryId() { return this.$done().id; }
  getColumnCount() { return this.$done().columns.length; }
  getColumnName(i) { return this.$done().columns[i - 1].name; }
  getColumnType(i) { return this.$done().columns[i - 1].type; }
  getColumnSqlType(i) { return this.$done().columns[i - 1].sql; }
  getColumnScale(i) { return this.$done().columns[i - 1].scale; }
  isColumnNullable() { return true; }
  getRowCount() { return this.$done().rows.length; }
  getNumRowsAffected() { return this.$done().affected; }
  getNumRowsInserted() { return this.$done().inserted; }
  getNumRowsUpdated() { return this.$done().updated; }
  getNumRowsDeleted() { return this.$done().deleted; }
  getNumDuplicateRowsUpdated() { return 0; }
}
var snowflake = Object.freeze({
  execute(o) { return new Statement(o).execute(); },
  createStatement(o) { return new Statement(o); },
  log() {},
  addEvent() {},
  setSpanAttribute() {},
});
