// The page about the HTTP API, made of the server's OpenAPI document.

const SHAPES = ["Job", "Page", "Status", "Limits", "Stroke", "Strokes", "Problem"];

const reference = document.getElementById("reference");
const api = await (await fetch("openapi.json")).json();
const origin = location.origin;

document.getElementById("description").textContent = api.info.description;
document.getElementById("example").textContent = `\
curl -F file=@page.jpg ${origin}/api/erase                      # gives the job with its id
curl -N "${origin}/api/events?job=ID"                           # until it is done
curl -o clean.png ${origin}/api/jobs/ID/pages/1/result
curl -X DELETE ${origin}/api/jobs/ID`;

function add(parent, name, text = "", className = "") {
  const element = document.createElement(name);
  Object.assign(element, { textContent: text, className });
  return parent.appendChild(element);
}

/** A schema in a few words. */
function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum ?? schema.const) return [schema.enum ?? schema.const].flat().join(" | ");
  if (schema.prefixItems) return `[${schema.prefixItems.map(kind).join(", ")}]`;
  if (schema.type === "array") return `list of ${kind(schema.items)}`;
  return schema.format === "binary" || schema.contentMediaType ? "file" : schema.type ?? "";
}

function table(parent, rows) {
  const body = add(add(parent, "table"), "tbody");
  for (const [name, type, text] of rows) {
    const row = add(body, "tr");
    add(add(row, "th"), "code", name);
    add(row, "td", type, "type");
    add(row, "td", text);
  }
}

const fields = (schema) => Object.entries(schema.properties ?? {})
  .map(([name, field]) => [name, kind(field), field.description ?? ""]);

// What every operation may answer is said once.
const operations = Object.values(api.paths).flatMap((methods) => Object.values(methods));
const common = Object.entries(operations[0].responses).filter(([status, { description }]) =>
  status >= 400 && operations.every(
    ({ responses }) => responses[status]?.description === description));
const isCommon = (status) => common.some(([other]) => other === status);

for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const section = add(reference, "section");
    const title = add(section, "h3");
    add(title, "code", `${method.toUpperCase()} ${path}`);
    add(section, "p", operation.description ?? operation.summary);
    const body = Object.entries(operation.requestBody?.content ?? {});
    const taken = (operation.parameters ?? []).map(({ name, in: where, schema, description }) =>
      [name, `${where}, ${kind(schema)}`, description]);
    for (const [type, { schema }] of body) {
      const shape = api.components.schemas[kind(schema)];
      taken.push(...fields(shape).map(([name, of, text]) => [name, `${type}, ${of}`, text]));
    }
    if (taken.length) table(section, taken);
    const answers = Object.entries(operation.responses).filter(([status]) => !isCommon(status));
    table(section, answers.map(([status, { description, content }]) => {
      const types = Object.entries(content ?? {}).map(([type, { schema, itemSchema }]) =>
        [type, schema && kind(schema), itemSchema && "events"].filter(Boolean).join(": "));
      return [status, types.join(", "), description];
    }));
  }
}

add(reference, "h2", "Refusals");
add(reference, "p", "Any request may be answered with a Problem and one of these.");
table(reference, common.map(([status, { description }]) => [status, "", description]));

add(reference, "h2", "Shapes");
for (const name of SHAPES) {
  const shape = api.components.schemas[name], section = add(reference, "section");
  add(add(section, "h3"), "code", name);
  add(section, "p", shape.description ?? "");
  table(section, fields(shape));
}
