// A client with nothing but fetch, as an application without an SDK has it.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const [origin, ...paths] = process.argv.slice(2);
const api = `${origin}/api/v1`;

async function send(path, body) {
  const headers = body instanceof FormData ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(api + path, {
    method: "POST",
    headers,
    body: body instanceof FormData ? body : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const ids = [];
let upload, features;
for (const path of paths) {
  const form = new FormData();
  form.append("file", new Blob([await readFile(path)]), basename(path));
  upload = await send("/upload-media", form);
  ids.push(upload.asset_id);
  features = await send("/extract-features", { asset_id: upload.asset_id });
}
const consistency = await send("/validate-consistency", { asset_id_1: ids[0], asset_id_2: ids[1] });
console.log(JSON.stringify({ upload, features, consistency }));
