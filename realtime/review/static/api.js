// The calls to the server.  What it refuses becomes an Error with its sentence.

export async function get(path) {
  return (await call(path)).json();
}

export async function post(path, body = {}) {
  const response = await call(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.status === 204 ? null : response.json();
}

export async function getClip(number, signal) {
  const response = await call(`/items/${number}/clip`, { signal });
  return { ticket: response.headers.get("x-ticket"), data: await response.arrayBuffer() };
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. Is fleeting review still running?");
  }
  if (response.ok) return response;
  const text = await response.text();
  let said = text;
  try {
    said = JSON.parse(text).error;
  } catch {
    // a plain sentence
  }
  throw new Error(said);
}
