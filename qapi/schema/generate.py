#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""generate.py --c OUT.c --md OUT.md FILE.json...

Reads the description of the machine interface and makes from it the tables that check
arguments (include/qapi/schema.h), the text of query-qmp-schema, and the reference
manual.

Each file is a JSON list of entities:

  {"command": NAME, "doc": TEXT, "args": MEMBERS or STRUCT, "returns": TYPE,
   "features": [NAME...], "allow-oob": true, "gen": false}
  {"event": NAME, "doc": TEXT, "data": MEMBERS or STRUCT}
  {"struct": NAME, "doc": TEXT, "base": STRUCT, "members": MEMBERS}
  {"union": NAME, "doc": TEXT, "members": MEMBERS, "tag": MEMBER,
   "branches": {VALUE: STRUCT or MEMBERS}}
  {"enum": NAME, "doc": TEXT, "values": [VALUE...]}
  {"alternate": NAME, "doc": TEXT, "members": MEMBERS}

MEMBERS is {"name": TYPE or [TYPE, TEXT]}; a name that ends in "?" is optional. TYPE is
a built-in (str int number bool any null size, int8..int64, uint8..uint64), the name of
an entity, or "[TYPE]" for a list. "gen": false leaves the arguments unchecked: the
command takes what is there. A first list item that is a string is the title of the
file's chapter.
"""
import argparse
import json
import os
import sys

BUILTIN = {
    "str": ("string", "SCHEMA_STR"), "bool": ("boolean", "SCHEMA_BOOL"),
    "number": ("number", "SCHEMA_NUMBER"), "int": ("int", "SCHEMA_INT"),
    "any": ("value", "SCHEMA_ANY"), "null": ("null", "SCHEMA_NULL"),
}
INTS = {"int": 64, "int8": 8, "int16": 16, "int32": 32, "int64": 64,
        "uint8": -8, "uint16": -16, "uint32": -32, "uint64": -64, "size": -64}
KINDS = ("command", "event", "struct", "union", "enum", "alternate")
KEYS = {
    "command": {"args", "returns", "features", "allow-oob", "gen"},
    "event": {"data"},
    "struct": {"base", "members", "features"},
    "union": {"members", "tag", "branches"},
    "enum": {"values"},
    "alternate": {"members"},
}


class SchemaError(Exception):
    pass


def members_of(spec):
    """[(name, type, optional, text)]"""
    out = []
    for name, t in (spec or {}).items():
        text = ""
        if isinstance(t, list):
            t, text = t
        out.append((name.rstrip("?"), t, name.endswith("?"), text))
    return out


class Schema:
    def __init__(self):
        self.types = {}
        self.commands = {}
        self.events = {}
        self.chapters = []

    def load(self, path):
        where = os.path.basename(path)
        with open(path) as f:
            try:
                items = json.load(f)
            except ValueError as e:
                raise SchemaError("%s: %s" % (where, e))
        title = where
        if items and isinstance(items[0], str):
            title = items.pop(0)
        chapter = []
        for item in items:
            kinds = [k for k in KINDS if k in item]
            if len(kinds) != 1:
                raise SchemaError("%s: entity must be one of %s: %s"
                                  % (where, " ".join(KINDS), json.dumps(item)[:60]))
            kind = kinds[0]
            name = item[kind]
            unknown = set(item) - KEYS[kind] - {kind, "doc"}
            if unknown:
                raise SchemaError("%s: %s '%s' has unknown key '%s'"
                                  % (where, kind, name, sorted(unknown)[0]))
            if not item.get("doc"):
                raise SchemaError("%s: %s '%s' has no doc" % (where, kind, name))
            item["kind"], item["name"] = kind, name
            table = {"command": self.commands, "event": self.events}.get(kind, self.types)
            if name in table or name in INTS or name in BUILTIN:
                raise SchemaError("%s: %s '%s' is defined twice" % (where, kind, name))
            table[name] = item
            chapter.append(item)
        self.chapters.append((title, chapter))

    def implicit(self, name, members):
        """a struct without a name of its own"""
        self.types[name] = {"kind": "struct", "name": name, "members": members,
                            "implicit": True}
        return name

    def resolve(self):
        for name, c in sorted(self.commands.items()):
            a = c.get("args", {})
            if isinstance(a, dict):
                a = self.implicit("q_obj_%s-arg" % name, a) if a else "q_empty"
            c["arg-type"] = a
            c["ret-type"] = c.get("returns", "q_empty")
        for name, e in sorted(self.events.items()):
            d = e.get("data", {})
            if isinstance(d, dict):
                d = self.implicit("q_obj_%s-arg" % name, d) if d else "q_empty"
            e["arg-type"] = d
        for t in list(self.types.values()):
            for value, b in t.get("branches", {}).items():
                if isinstance(b, dict):
                    t["branches"][value] = (
                        self.implicit("q_obj_%s-%s" % (t["name"], value), b) if b
                        else "q_empty")
        self.types["q_empty"] = {"kind": "struct", "name": "q_empty", "members": {},
                                 "implicit": True}
        self.check()

    def check(self):
        for t in self.types.values():
            what = "%s '%s'" % (t["kind"], t["name"])
            for name, mt, _, _ in self.all_members(t):
                self.check_type(mt, "%s member '%s'" % (what, name))
            names = [m[0] for m in self.all_members(t)]
            for n in names:
                if names.count(n) > 1:
                    raise SchemaError("%s has member '%s' twice" % (what, n))
            if t["kind"] == "enum":
                for v in t["values"]:
                    if t["values"].count(v) > 1:
                        raise SchemaError("%s has value '%s' twice" % (what, v))
            if t["kind"] == "union":
                tags = [m for m in self.all_members(t) if m[0] == t["tag"]]
                if not tags:
                    raise SchemaError("%s has no member '%s' for its tag"
                                      % (what, t["tag"]))
                enum = self.types.get(tags[0][1])
                if not enum or enum["kind"] != "enum":
                    raise SchemaError("tag '%s' of %s is no enum" % (t["tag"], what))
                for v, b in t["branches"].items():
                    if v not in enum["values"]:
                        raise SchemaError("%s: branch '%s' is no value of '%s'"
                                          % (what, v, enum["name"]))
                    self.check_type(b, "%s branch '%s'" % (what, v))
        for c in self.commands.values():
            self.check_type(c["arg-type"], "command '%s'" % c["name"])
            self.check_type(c["ret-type"], "command '%s'" % c["name"])
            arg = self.types.get(c["arg-type"])
            if not arg or arg["kind"] not in ("struct", "union"):
                raise SchemaError("command '%s': arguments are no struct" % c["name"])
        for e in self.events.values():
            self.check_type(e["arg-type"], "event '%s'" % e["name"])

    def check_type(self, t, who):
        if not isinstance(t, str):
            raise SchemaError("%s: type is no name" % who)
        if t.startswith("[") and t.endswith("]"):
            return self.check_type(t[1:-1], who)
        if t not in BUILTIN and t not in INTS and t not in self.types:
            raise SchemaError("%s: unknown type '%s'" % (who, t))

    def all_members(self, t):
        out = []
        if t.get("base"):
            if t["base"] not in self.types:
                raise SchemaError("struct '%s': unknown base '%s'"
                                  % (t["name"], t["base"]))
            out += self.all_members(self.types[t["base"]])
        return out + members_of(t.get("members"))

    # --- query-qmp-schema ---------------------------------------------------------

    def intro_name(self, t):
        if t.startswith("["):
            return "[%s]" % self.intro_name(t[1:-1])
        return "int" if t in INTS else t

    def intro_members(self, t):
        out = []
        for name, mt, optional, _ in self.all_members(t):
            m = {"name": name, "type": self.intro_name(mt)}
            if optional:
                m["default"] = None
            out.append(m)
        return out

    def intro_type(self, t):
        if t.startswith("["):
            return {"name": t, "meta-type": "array", "element-type": t[1:-1]}
        if t in BUILTIN:
            return {"name": t, "meta-type": "builtin", "json-type": BUILTIN[t][0]}
        d = self.types[t]
        out = {"name": t, "meta-type": "object"}
        if d["kind"] == "enum":
            out.update({"meta-type": "enum",
                        "members": [{"name": v} for v in d["values"]],
                        "values": d["values"]})
        elif d["kind"] == "alternate":
            out.update({"meta-type": "alternate",
                        "members": [{"type": self.intro_name(m[1])}
                                    for m in members_of(d["members"])]})
        else:
            out["members"] = self.intro_members(d)
            if d["kind"] == "union":
                tag = [m for m in self.all_members(d) if m[0] == d["tag"]][0]
                out["tag"] = d["tag"]
                out["variants"] = [
                    {"case": v, "type": d["branches"].get(v, "q_empty")}
                    for v in self.types[tag[1]]["values"]]
            if d.get("features"):
                out["features"] = d["features"]
        return out

    def uses(self, t):
        """names of the types that type t mentions"""
        if t.startswith("["):
            return [t[1:-1]]
        if t in BUILTIN:
            return []
        d = self.types[t]
        out = [m[1] for m in self.all_members(d)]
        return [self.intro_name(x) for x in
                out + list(d.get("branches", {}).values())
                + (["q_empty"] if d["kind"] == "union" else [])]

    def introspection(self):
        """[(command or None, json text)]"""
        out, todo = [], []
        for name, c in sorted(self.commands.items()):
            e = {"name": name, "meta-type": "command",
                 "arg-type": self.intro_name(c["arg-type"]),
                 "ret-type": self.intro_name(c["ret-type"])}
            if c.get("allow-oob"):
                e["allow-oob"] = True
            if c.get("features"):
                e["features"] = c["features"]
            out.append((name, e))
            todo += [e["arg-type"], e["ret-type"]]
        for name, c in sorted(self.events.items()):
            e = {"name": name, "meta-type": "event",
                 "arg-type": self.intro_name(c["arg-type"])}
            out.append((None, e))
            todo.append(e["arg-type"])
        seen = set()
        while todo:
            t = todo.pop(0)
            if t not in seen:
                seen.add(t)
                todo += self.uses(t)
        for t in sorted(seen):
            out.append((None, self.intro_type(t)))
        return [(c, json.dumps(e)) for c, e in out]


def c_string(s):
    return '"%s"' % s.replace("\\", "\\\\").replace('"', '\\"')


class CWriter:
    """the tables of include/qapi/schema.h"""

    def __init__(self, schema):
        self.schema = schema
        self.ids = {}
        self.order = []

    def ident(self, t):
        if t not in self.ids:
            self.ids[t] = "type_%d" % len(self.ids)
            self.order.append(t)
        return self.ids[t]

    def definition(self, t):
        """C text that defines type t; mentions of others allot their names"""
        me = self.ident(t)
        pre, fields = "", [".name = %s" % c_string(t)]
        if t.startswith("["):
            fields += [".kind = SCHEMA_LIST", ".element = &" + self.ident(t[1:-1])]
        elif t in INTS and INTS[t] == -64:
            fields += [".kind = SCHEMA_UINT"]
        elif t in INTS:
            bits = INTS[t]
            lo, hi = (("INT64_MIN", "INT64_MAX") if bits == 64 else
                      (str(-(1 << bits - 1)), str((1 << bits - 1) - 1)) if bits > 0 else
                      ("0", str((1 << -bits) - 1)))
            fields[0] = ".name = %s" % c_string(t if t == "int" else t + "_t")
            fields += [".kind = SCHEMA_INT", ".min = " + lo, ".max = " + hi]
        elif t in BUILTIN:
            fields += [".kind = " + BUILTIN[t][1]]
        else:
            pre = self.compound(self.schema.types[t], me, fields)
        return "%sstatic const SchemaType %s = {\n    %s,\n};\n" % (
            pre, me, ",\n    ".join(fields))

    def compound(self, d, me, fields):
        if d["kind"] == "enum":
            fields += [".kind = SCHEMA_ENUM", ".values = %s_values" % me]
            return "static const char *const %s_values[] = {\n%s    NULL,\n};\n" % (
                me, "".join("    %s,\n" % c_string(v) for v in d["values"]))
        pre = ""
        fields.append(".kind = " + ("SCHEMA_ALTERNATE" if d["kind"] == "alternate"
                                    else "SCHEMA_OBJECT"))
        members = self.schema.all_members(d)
        if members:
            pre += "static const SchemaMember %s_members[] = {\n" % me
            for name, mt, optional, _ in members:
                pre += "    { %s, &%s, %s },\n" % (
                    c_string(name), self.ident(mt), "true" if optional else "false")
            pre += "};\n"
            fields += [".members = %s_members" % me, ".n_members = %d" % len(members)]
        if d["kind"] == "union":
            pre += "static const SchemaBranch %s_branches[] = {\n" % me
            for v, b in d["branches"].items():
                pre += "    { %s, &%s },\n" % (c_string(v), self.ident(b))
            pre += "};\n"
            fields += [".tag = " + c_string(d["tag"]),
                       ".branches = %s_branches" % me,
                       ".n_branches = %d" % len(d["branches"])]
        return pre

    def text(self):
        s = self.schema
        rows = ""
        for name, c in sorted(s.commands.items(), key=lambda x: x[0].encode()):
            arg = ("NULL" if c.get("gen") is False
                   else "&" + self.ident(c["arg-type"]))
            rows += "    { %s, %s },\n" % (c_string(name), arg)
        bodies, done = [], 0
        while done < len(self.order):
            bodies.append(self.definition(self.order[done]))
            done += 1
        entities = "".join(
            "    { %s, %s },\n" % (c_string(c) if c else "NULL", c_string(e))
            for c, e in s.introspection())
        return (
            "/* Generated by qapi/schema/generate.py. */\n#include \"qapi/schema.h\"\n\n"
            + "".join("static const SchemaType %s;\n" % self.ids[t] for t in self.order)
            + "\n" + "\n".join(bodies)
            + "\nconst SchemaCommand schema_commands[] = {\n" + rows + "};\n"
            + "const size_t schema_n_commands =\n"
              "    sizeof(schema_commands) / sizeof(schema_commands[0]);\n"
            + "\nconst SchemaEntity schema_entities[] = {\n" + entities + "};\n"
            + "const size_t schema_n_entities =\n"
              "    sizeof(schema_entities) / sizeof(schema_entities[0]);\n")


def md_members(schema, spec):
    if isinstance(spec, str):
        return "as [%s](#%s)\n" % (spec, spec.lower())
    out = ""
    for name, t, optional, text in members_of(spec):
        out += "- `%s` %s%s%s\n" % (name, t, ", optional" if optional else "",
                                    ": " + text if text else "")
    return out


def manual(schema):
    out = ("<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n"
           "<!-- Generated by qapi/schema/generate.py; do not edit. -->\n"
           "# The machine interface\n\n"
           "Each request is a JSON object `{\"execute\": NAME, \"arguments\": {...}, "
           "\"id\": ANY}`; each answer is one line that ends in CR LF. Types are as in "
           "`qapi/schema/generate.py`.\n")
    for title, items in schema.chapters:
        out += "\n## %s\n" % title
        for i in items:
            out += "\n### %s\n\n*%s*. %s\n" % (i["name"], i["kind"], i["doc"])
            body = ""
            if i["kind"] == "command" and i.get("args"):
                body = "Arguments:\n\n" + md_members(schema, i["args"])
            elif i["kind"] == "event" and i.get("data"):
                body = "Data:\n\n" + md_members(schema, i["data"])
            elif i["kind"] == "enum":
                body = "Values: " + ", ".join("`%s`" % v for v in i["values"]) + "\n"
            elif i.get("members"):
                if i.get("base"):
                    body = "Members of `%s`, and\n\n" % i["base"]
                body += md_members(schema, i["members"])
            if i["kind"] == "union":
                for v, b in i["branches"].items():
                    if b != "q_empty":
                        spec = schema.types[b]
                        body += "- with `%s` %s:\n" % (i["tag"], v)
                        body += "".join("  - `%s` %s%s%s\n" % (
                            m[0], m[1], ", optional" if m[2] else "",
                            ": " + m[3] if m[3] else "")
                            for m in schema.all_members(spec))
            if body:
                out += "\n" + body
            if i.get("returns"):
                out += "\nReturns: %s\n" % i["returns"]
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--c")
    ap.add_argument("--md")
    ap.add_argument("--introspect", help="write the entities, one a line")
    ap.add_argument("files", nargs="+")
    args = ap.parse_args()
    schema = Schema()
    try:
        for f in args.files:
            schema.load(f)
        schema.resolve()
    except SchemaError as e:
        sys.stderr.write("generate.py: %s\n" % e)
        return 1
    if args.md:
        with open(args.md, "w") as f:
            f.write(manual(schema))
    if args.introspect:
        with open(args.introspect, "w") as f:
            f.write("".join(e + "\n" for _, e in schema.introspection()))
    if args.c:
        with open(args.c, "w") as f:
            f.write(CWriter(schema).text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
