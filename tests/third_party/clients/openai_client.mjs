// What OpenAI's own client in JavaScript sees of an endpoint; prints it as JSON.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const { BASE_URL: baseURL, TOKEN: apiKey, POOR_TOKEN } = process.env;
const NAMES = JSON.parse(process.env.NAMES);
const PIXEL = "data:image/png;base64,iVBORw0KGgo=";
const parameters = { type: "object", properties: { parcel: { type: "integer" } }, required: ["parcel"] };
const TOOL = { type: "function", function: { name: "look_up", parameters } };
const FORM = zodResponseFormat(z.object({ team: z.string(), urgent: z.boolean() }), "form");

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const chat = client.chat.completions;
const asked = (content, more = {}) => ({ model: NAMES[0], messages: [{ role: "user", content }], ...more });

async function collected(stream) {
  const chunks = [];
  for await (const chunk of await stream) chunks.push(chunk);
  return chunks;
}

async function raised(call) {
  try {
    await call();
  } catch (error) {
    const { message, code, param, status } = error;
    return { class: error.constructor.name, message, code: code ?? null, param: param ?? null, status: status ?? null };
  }
  return { class: null };
}

async function streamed() {
  const options = { stream: true, stream_options: { include_usage: true } };
  const chunks = await collected(chat.create(asked("Where is my parcel?", options)));
  const choices = chunks.flatMap((one) => one.choices);
  return {
    pieces: choices.map((one) => one.delta.content).filter(Boolean),
    finish: choices.at(-1).finish_reason,
    usage: chunks.flatMap(({ usage }) => (usage ? [[usage.prompt_tokens, usage.completion_tokens]] : [])),
    usage_last: Boolean(chunks.at(-1).usage),
  };
}

async function tools() {
  const first = asked("Look it up", { tools: [TOOL], tool_choice: "auto" });
  const said = (await chat.create(first)).choices[0];
  const shown = (call) => [call.id, call.function.name, call.function.arguments];
  const stream = chat.stream(first);
  const parts = [];
  stream.on("tool_calls.function.arguments.delta", (event) => parts.push(event.arguments_delta));
  const end = (await stream.finalChatCompletion()).choices[0];
  const result = { role: "tool", tool_call_id: said.message.tool_calls[0].id, content: '{"late":true}' };
  const second = { ...first, messages: [...first.messages, said.message, result] };
  return {
    whole: [said.finish_reason, ...shown(said.message.tool_calls[0])],
    streamed: [end.finish_reason, ...shown(end.message.tool_calls[0])],
    parts,
    second_turn: (await chat.create(second)).choices[0].message.content,
  };
}

async function structured() {
  const question = asked("Fill in the form", { response_format: FORM });
  const whole = await chat.parse(question);
  const streamed = await chat.stream(question).finalChatCompletion();
  return [whole, streamed].map((one) => one.choices[0].message.parsed);
}

async function twice() {
  const whole = await chat.create(asked("Say it twice", { n: 2 }));
  const texts = ["", ""];
  for (const chunk of await collected(chat.create(asked("Say it twice", { n: 2, stream: true }))))
    for (const { index, delta } of chunk.choices) texts[index] += delta.content ?? "";
  return [whole.choices.map((one) => one.message.content), texts];
}

async function left() {
  const aborting = new AbortController();
  const words = [];
  const stream = await chat.create(asked("Count slowly", { stream: true }), { signal: aborting.signal });
  for await (const chunk of stream) {
    words.push(chunk.choices[0].delta.content);
    if (words.length === 3) aborting.abort();
  }
  return words;
}

async function errors() {
  const stranger = client.withOptions({ apiKey: "drgero_wrong" });
  const poor = client.withOptions({ apiKey: POOR_TOKEN });
  const hasty = { timeout: 300 };
  const aborted = { signal: AbortSignal.timeout(300) };
  return {
    token: await raised(() => stranger.chat.completions.create(asked("x"))),
    listing: await raised(() => stranger.models.list()),
    model: await raised(() => chat.create(asked("x", { model: "nobody" }))),
    retrieve: await raised(() => client.models.retrieve("nobody")),
    elsewhere: await raised(() => client.responses.create({ model: NAMES[0], input: "x" })),
    unranked: await raised(() => chat.create(asked("x", { model: "Unranked" }))),
    body: await raised(() => chat.create(asked("x", { apply_prompt: "yes" }))),
    poor: await raised(() => poor.chat.completions.create(asked("x"))),
    refused: await raised(() => chat.create(asked("Refuse"))),
    throttled: await raised(() => chat.create(asked("Too many"))),
    throttled_stream: await raised(() => chat.create(asked("Too many", { stream: true }))),
    halfway: await raised(() => collected(chat.create(asked("Break", { stream: true })))),
    slow: await raised(() => chat.create(asked("Think long"), hasty)),
    aborted: await raised(() => chat.create(asked("Think long"), aborted)),
  };
}

const { data: whole, response, request_id } = await chat.create(asked("Where is my parcel?")).withResponse();
const image = [{ type: "text", text: "What is it?" }, { type: "image_url", image_url: { url: PIXEL } }];
const answered = async (content, more) => (await chat.create(asked(content, more))).choices[0].message.content;
const seen = {
  whole: {
    text: whole.choices[0].message.content,
    finish: whole.choices[0].finish_reason,
    usage: [whole.usage.prompt_tokens, whole.usage.completion_tokens],
  },
  request_id,
  trace_id: response.headers.get("x-dr.gero-trace-id"),
  stream: await streamed(),
  tools: await tools(),
  structured: await structured(),
  image: await answered(image),
  twice: await twice(),
  names: {},
  models: (await collected(client.models.list())).map((one) => one.id),
  retrieved: [],
  left: await left(),
  errors: await errors(),
  concurrently: await Promise.all(Array.from({ length: 8 }, () => answered("Where is my parcel?"))),
};
for (const name of NAMES) {
  seen.names[name] = await answered("Where is my parcel?", { model: name });
  seen.retrieved.push((await client.models.retrieve(name)).id);
}
console.log(JSON.stringify(seen));
