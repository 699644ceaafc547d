/*
 * form.tsx — a form out of the daemon's own table of keys: names, kinds, words, defaults and help texts come from there, so a
 * new key of a resource has its field without a line here.
 */
import { type ComponentChildren } from "preact"
import { useGet } from "../api"
import { type Resource } from "../model"
import { localInput } from "../format"
import { t } from "../words"
import { Button, CheckField, SelectField, TextField } from "./basics"

export interface KeyRow {
	name: string
	type: "bool" | "number" | "text" | "secret" | "enum" | "time" | "duration" | "texts" | "pairs" | "record" | "records" | "size"
	words?: string[]
	required?: boolean
	default?: string
	help: string
	keys?: KeyRow[]
}
export interface KindRow {
	kind: string
	help: string
	per_customer: boolean
	keys: KeyRow[]
}

type Spec = Record<string, unknown>

/* Keys whose value is the name of a resource, or several. */
const refers: Record<string, string> = { contract: "contract", calendar: "calendar", policy: "policy", team: "team", user: "user", users: "user", members: "user", schedule: "schedule", customers: "customer", host: "host", fallback: "user", check: "check_command" }

function useNames(key: KeyRow): string[] {
	const kind = refers[key.name]
	const a = useGet<Resource[]>(kind ? `/api/tocsin/v1/resources?kind=${kind}` : null)
	return kind ? (a.data ?? []).map((r) => r.name) : []
}

function OneField({ of: k, value, onInput }: { of: KeyRow; value: unknown; onInput: (v: unknown) => void }) {
	const names = useNames(k)
	const label = k.name.replace(/_/g, " ") + (k.required ? " *" : "")
	const common = { label, hint: k.help + (k.default ? ` (${t("default")}: ${k.default})` : "") }
	switch (k.type) {
		case "bool":
			return (
				<div class="field">
					<CheckField label={label} checked={value === undefined ? k.default === "true" : !!value} onInput={onInput} />
					<span class="hint">{k.help}</span>
				</div>
			)
		case "enum":
			return <SelectField {...common} value={(value as string) ?? k.default ?? ""} onInput={onInput} options={(k.words ?? []).map((w) => [w, w || "–"])} />
		case "number":
			return <TextField {...common} type="number" value={value === undefined ? "" : String(value)} onInput={(v) => onInput(v === "" ? undefined : Number(v))} placeholder={k.default} />
		case "time":
			return <TextField {...common} type="datetime-local" value={value ? localInput(Date.parse(value as string)) : ""} onInput={(v) => onInput(v ? new Date(v).toISOString() : undefined)} />
		case "texts":
			return <TextField {...common} value={((value as string[]) ?? []).join(", ")} list={names} placeholder={k.default} onInput={(v) => onInput(v.trim() ? v.split(/,\s*/) : undefined)} />
		case "pairs":
			return (
				<TextField
					{...common}
					rows={2}
					mono
					value={Object.entries((value as Record<string, string>) ?? {}).map(([n, v]) => `${n}=${v}`).join("\n")}
					onInput={(text) => onInput(Object.fromEntries(text.split("\n").map((l) => { const i = l.indexOf("="); return i < 0 ? [l, ""] : [l.slice(0, i), l.slice(i + 1)] })))}
				/>
			)
		default:
			return names.length && k.type === "text" ? (
				<SelectField {...common} value={(value as string) ?? ""} onInput={(v) => onInput(v || undefined)} options={[["", "–"], ...[...new Set([...names, ...(value ? [value as string] : [])])].map((n): [string, string] => [n, n])]} />
			) : (
				<TextField {...common} type={k.type === "secret" ? "password" : "text"} value={(value as string) ?? ""} placeholder={k.default} onInput={(v) => onInput(v || undefined)} />
			)
	}
}

function Many({ of: k, value, onInput }: { of: KeyRow; value: Spec[]; onInput: (v: Spec[]) => void }) {
	const put = (i: number, v: Spec) => onInput(value.map((x, n) => (n === i ? v : x)))
	const move = (i: number, by: number) => {
		const next = [...value]
		;[next[i], next[i + by]] = [next[i + by], next[i]]
		onInput(next)
	}
	return (
		<fieldset class="stack" style={{ border: "1px solid var(--line)", borderRadius: "8px", padding: "10px 12px", margin: 0 }}>
			<legend style={{ fontWeight: 600, padding: "0 4px" }}>{k.name.replace(/_/g, " ")}</legend>
			<span class="muted" style={{ fontSize: "12px" }}>
				{k.help}
			</span>
			{value.map((v, i) => (
				<div key={i} class="row top" style={{ borderTop: i ? "1px solid var(--line)" : "0", paddingTop: i ? "10px" : "0" }}>
					<span class="muted num" style={{ width: "20px", paddingTop: "22px" }}>
						{i + 1}
					</span>
					<div class="grow">
						<SchemaForm keys={k.keys ?? []} value={v} onInput={(x) => put(i, x)} />
					</div>
					<div class="stack tight" style={{ paddingTop: "18px" }}>
						<Button kind="plain" small icon="up" label={t("move_up")} disabled={i === 0} onClick={() => move(i, -1)} />
						<Button kind="plain" small icon="trash" label={t("remove")} onClick={() => onInput(value.filter((_, n) => n !== i))} />
					</div>
				</div>
			))}
			<div>
				<Button small icon="plus" onClick={() => onInput([...value, {}])}>
					{t("add")}
				</Button>
			</div>
		</fieldset>
	)
}

export function SchemaForm({ keys, value, onInput, only }: { keys: KeyRow[]; value: Spec; onInput: (v: Spec) => void; only?: string[] }): ComponentChildren {
	const set = (name: string, v: unknown) => {
		const next = { ...value, [name]: v }
		if (v === undefined || (Array.isArray(v) && !v.length)) delete next[name]
		onInput(next)
	}
	const rows = only ? keys.filter((k) => only.includes(k.name)) : keys
	const flat = rows.filter((k) => k.type !== "record" && k.type !== "records")
	const deep = rows.filter((k) => k.type === "record" || k.type === "records")
	return (
		<div class="stack">
			<div class="grid2">
				{flat.map((k) => (
					<OneField key={k.name} of={k} value={value[k.name]} onInput={(v) => set(k.name, v)} />
				))}
			</div>
			{deep.map((k) =>
				k.type === "records" ? (
					<Many key={k.name} of={k} value={(value[k.name] as Spec[]) ?? []} onInput={(v) => set(k.name, v)} />
				) : (
					<fieldset key={k.name} class="stack" style={{ border: "1px solid var(--line)", borderRadius: "8px", padding: "10px 12px", margin: 0 }}>
						<legend style={{ fontWeight: 600, padding: "0 4px" }}>{k.name.replace(/_/g, " ")}</legend>
						<SchemaForm keys={k.keys ?? []} value={(value[k.name] as Spec) ?? {}} onInput={(v) => set(k.name, v)} />
					</fieldset>
				),
			)}
		</div>
	)
}
