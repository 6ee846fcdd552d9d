// What the Vercel AI SDK sees of an endpoint, through the provider that is named; prints it as JSON.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";

const { BASE_URL: baseURL, TOKEN: apiKey, POOR_TOKEN } = process.env;
const NAMES = JSON.parse(process.env.NAMES);
const PIXEL = Buffer.from("iVBORw0KGgo=", "base64");
const schema = z.object({ team: z.string(), urgent: z.boolean() });
const inputSchema = z.object({ parcel: z.number() });
const COMPATIBLE = { name: "gero", includeUsage: true, supportsStructuredOutputs: true };
/** How each provider is made, what it asks as chat, and what it asks of an API that Gero does not have. */
const PROVIDERS = {
  "openai-compatible": [
    (options) => createOpenAICompatible({ ...COMPATIBLE, ...options }),
    (made, name) => made.chatModel(name),
    (made, name) => made.completionModel(name),
  ],
  "openai-chat": [createOpenAI, (made, name) => made.chat(name), (made, name) => made.responses(name)],
};
const [make, chat, elsewhere] = PROVIDERS[process.argv[2]];
const made = make({ baseURL, apiKey });
const own = (name) => chat(made, name);
const silent = { maxRetries: 0, onError: () => {} };
const asked = (prompt, more) => ({ model: own(NAMES[0]), prompt, ...silent, ...more });

async function raised(call) {
  try {
    await call();
  } catch (error) {
    const { code, param } = error.data?.error ?? {};
    return {
      class: APICallError.isInstance(error) ? "APICallError" : (error.name ?? typeof error),
      message: error.message ?? String(error),
      code: code ?? null,
      param: param ?? null,
      status: error.statusCode ?? null,
    };
  }
  return { class: null };
}

/** The parts of a stream, an error among them raised. */
async function parts(result) {
  const found = [];
  for await (const part of result.fullStream) {
    if (part.type === "error") throw part.error;
    found.push(part);
  }
  return found;
}

async function streamed() {
  const found = await parts(streamText(asked("Where is my parcel?")));
  const { finishReason, totalUsage } = found.at(-1);
  return {
    pieces: found.filter((one) => one.type === "text-delta").map((one) => one.text),
    finish: finishReason,
    usage: [[totalUsage.inputTokens, totalUsage.outputTokens]],
    usage_last: found.at(-1).type === "finish",
  };
}

async function tools() {
  const fields = { tools: { look_up: tool({ inputSchema, execute: async () => ({ late: true }) }) } };
  const whole = await generateText(asked("Look it up", { ...fields, stopWhen: stepCountIs(2) }));
  const shown = (call) => [call.toolCallId, call.toolName, JSON.stringify(call.input)];
  const found = await parts(streamText(asked("Look it up", fields)));
  return {
    whole: [whole.steps[0].finishReason, ...shown(whole.steps[0].toolCalls[0])],
    streamed: [found.at(-1).finishReason, ...shown(found.find((one) => one.type === "tool-call"))],
    parts: found.filter((one) => one.type === "tool-input-delta").map((one) => one.delta),
    second_turn: whole.text,
  };
}

async function structured() {
  const whole = await generateObject(asked("Fill in the form", { schema }));
  const streamed = streamObject(asked("Fill in the form", { schema }));
  for await (const partial of streamed.partialObjectStream) void partial; // nothing comes unless it is read
  return [whole.object, await streamed.object];
}

async function left() {
  const aborting = new AbortController();
  const words = [];
  for await (const word of streamText(asked("Count slowly", { abortSignal: aborting.signal })).textStream) {
    words.push(word);
    if (words.length === 3) aborting.abort();
  }
  return words;
}

async function errors() {
  const as = (apiKey) => ({ model: chat(make({ baseURL, apiKey }), NAMES[0]) });
  const named = (name) => ({ model: own(name) });
  const late = { abortSignal: AbortSignal.timeout(300) };
  return {
    token: await raised(() => generateText(asked("x", as("drgero_wrong")))),
    model: await raised(() => generateText(asked("x", named("nobody")))),
    elsewhere: await raised(() => generateText(asked("x", { model: elsewhere(made, NAMES[0]) }))),
    unranked: await raised(() => generateText(asked("x", named("Unranked")))),
    body: await raised(() => generateText(asked("x", named(" ")))),
    poor: await raised(() => generateText(asked("x", as(POOR_TOKEN)))),
    refused: await raised(() => generateText(asked("Refuse"))),
    throttled: await raised(() => generateText(asked("Too many"))),
    throttled_stream: await raised(() => parts(streamText(asked("Too many")))),
    halfway: await raised(() => parts(streamText(asked("Break")))),
    aborted: await raised(() => generateText(asked("Think long", late))),
  };
}

const whole = await generateText(asked("Where is my parcel?"));
const image = [{ role: "user", content: [{ type: "text", text: "What is it?" }, { type: "image", image: PIXEL }] }];
const answered = async (prompt, more) => (await generateText(asked(prompt, more))).text;
const seen = {
  whole: {
    text: whole.text,
    finish: whole.finishReason,
    usage: [whole.usage.inputTokens, whole.usage.outputTokens],
  },
  trace_id: whole.response.headers["x-dr.gero-trace-id"],
  stream: await streamed(),
  tools: await tools(),
  structured: await structured(),
  image: await answered(image),
  names: {},
  left: await left(),
  errors: await errors(),
  concurrently: await Promise.all(Array.from({ length: 8 }, () => answered("Where is my parcel?"))),
};
for (const name of NAMES) seen.names[name] = await answered("Where is my parcel?", { model: own(name) });
console.log(JSON.stringify(seen));
