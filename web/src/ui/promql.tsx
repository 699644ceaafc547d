/*
 * promql.tsx — where PromQL is written: names with their types and help while one types, and what is wrong marked where it stands.
 *
 * What is suggested depends on where the cursor is: a metric or function, a label, a label's value, a range.  The text lies
 * twice on top of each other: in a field that takes the keys, and behind it once more, unseen but for the mark.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import { get, of, useGet } from "../api"
import { t } from "../words"
import { Button } from "./basics"

interface Hint {
	text: string /* what is put in */
	name: string
	kind: string
	help: string
}

type Where = { what: "name" | "label" | "value" | "range"; word: string; metric: string; label: string }

/* What may stand at the end of `head`. */
export function whereIs(head: string): Where {
	const word = /[\w:.]*$/.exec(head)![0]
	const metric = /([\w:]+)\s*\{[^{}]*$/.exec(head)?.[1] ?? ""
	const value = /\{(?:[^{}"]|"[^"]*")*?([\w.]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)$/.exec(head)
	if (value) return { what: "value", word: value[2], metric, label: value[1] }
	if (/\[[^\]]*$/.test(head)) return { what: "range", word, metric: "", label: "" }
	if (/\{(?:[^{}"]|"[^"]*")*$/.test(head)) return { what: "label", word, metric, label: "" }
	if (/\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*$/.test(head)) return { what: "label", word, metric: "", label: "" }
	return { what: "name", word, metric: "", label: "" }
}

/* Those that begin with the word, then those that have it somewhere. */
function fitting<T>(all: T[], word: string, nameOf: (x: T) => string): T[] {
	const low = word.toLowerCase()
	const begins = all.filter((x) => nameOf(x).toLowerCase().startsWith(low))
	return [...begins, ...all.filter((x) => !nameOf(x).toLowerCase().startsWith(low) && nameOf(x).toLowerCase().includes(low))]
}

const LIST = 50
/* Of several that fit, what is meant most often. */
const usual = ["rate", "sum", "avg", "max", "min", "count", "increase", "topk", "histogram_quantile", "by", "absent", "on"]
const byUse = (name: string) => (usual.indexOf(name) + usual.length + 1) % (usual.length + 1)

function useHints(where: Where, open: boolean, customer: string): Hint[] {
	const names = useGet<{ data: string[] }>(of("/api/v1/label/__name__/values", customer))
	const about = useGet<{ data: Record<string, { type: string; help: string }[]> }>(of("/api/v1/metadata", customer))
	const words = useGet<{ name: string; form: string; help: string }[]>("/api/tocsin/v1/promql/words")
	const match = where.metric ? "match[]=" + encodeURIComponent(where.metric) : ""
	const labels = useGet<{ data: string[] }>(open && where.what === "label" ? of("/api/v1/labels?" + match, customer) : null)
	const values = useGet<{ data: string[] }>(open && where.what === "value" ? of(`/api/v1/label/${encodeURIComponent(where.label)}/values?limit=1000&${match}`, customer) : null)
	return useMemo(() => {
		if (!open) return []
		if (where.what === "range") return fitting(["1m", "5m", "15m", "1h", "6h", "1d", "1w"], where.word, (x) => x).map((r) => ({ text: r, name: r, kind: t("range"), help: "" }))
		if (where.what === "label") return fitting(labels.data?.data ?? [], where.word, (x) => x).filter((l) => l !== "__name__").slice(0, LIST).map((l) => ({ text: l, name: l, kind: t("label"), help: "" }))
		if (where.what === "value") return fitting(values.data?.data ?? [], where.word, (x) => x).slice(0, LIST).map((v) => ({ text: v.replace(/["\\]/g, "\\$&"), name: v, kind: where.label, help: "" }))
		if (where.word.length < 2) return []
		const metrics = fitting(names.data?.data ?? [], where.word, (x) => x).slice(0, LIST).map((n) => ({ text: n, name: n, kind: about.data?.data[n]?.[0]?.type ?? t("metric"), help: about.data?.data[n]?.[0]?.help ?? "" }))
		const functions = fitting(words.data ?? [], where.word, (x) => x.name).map((f) => ({ word: f.name, text: f.form.startsWith(f.name + "(") ? f.name + "(" : f.name + " ", name: f.form, kind: "", help: f.help }))
		functions.sort((a, b) => byUse(a.word) - byUse(b.word))
		const exact = functions.filter((f) => f.text.startsWith(where.word))
		return [...exact.slice(0, 8), ...metrics, ...functions.filter((f) => !exact.includes(f)).slice(0, 8)].filter((h) => h.text !== where.word)
	}, [open, where.what, where.word, where.label, names.data, about.data, words.data, labels.data, values.data])
}

/* "1:6: parse error: …" -> where in the text, as [from, to). */
export function placeOf(text: string, error: string): [number, number] | null {
	const m = /(?:^|\s)(\d+):(\d+): /.exec(error)
	if (!m) return null
	const lines = text.split("\n")
	if (+m[1] > lines.length) return null
	const from = lines.slice(0, +m[1] - 1).reduce((n, l) => n + l.length + 1, 0) + Math.max(0, +m[2] - 1)
	const token = /^[\w:.]+|^\S/.exec(text.slice(from))
	return [Math.min(from, text.length), Math.min(text.length, from + (token?.[0].length ?? 1))]
}

/* What is wrong with the text, a moment after the last key. */
function useCheck(text: string): string {
	const [wrong, setWrong] = useState("")
	useEffect(() => {
		if (!text.trim()) return setWrong("")
		const id = setTimeout(async () => {
			const r = await get<{ error?: string }>("/api/tocsin/v1/promql/check?query=" + encodeURIComponent(text)).catch(() => null)
			setWrong(r?.error ?? "")
		}, 300)
		return () => clearTimeout(id)
	}, [text])
	return wrong
}

export function QueryField({ value, customer, onRun }: { value: string; customer: string; onRun: (q: string) => void }) {
	const field = useRef<HTMLTextAreaElement>(null)
	const [text, setText] = useState(value)
	const [at, setAt] = useState(value.length)
	const [open, setOpen] = useState(false)
	const [chosen, setChosen] = useState(-1)
	useEffect(() => setText(value), [value])
	const where = useMemo(() => whereIs(text.slice(0, at)), [text, at])
	const hints = useHints(where, open, customer)
	const wrong = useCheck(text)
	const place = wrong && placeOf(text, wrong)
	const moved = () => setAt(field.current!.selectionStart)
	const take = (h: Hint) => {
		/* in the field itself and at once: the next key must find the cursor where it belongs */
		const el = field.current!
		el.setRangeText(h.text, at - where.word.length, at, "end")
		el.focus()
		setText(el.value)
		setAt(el.selectionStart)
		setChosen(-1)
		setOpen(h.text.endsWith("("))
	}
	const onKey = (ev: KeyboardEvent) => {
		const listed = open && hints.length > 0
		if (ev.key === "Enter" && !ev.shiftKey) {
			if (listed && chosen >= 0) take(hints[chosen])
			else {
				setOpen(false)
				onRun(text)
			}
		} else if (listed && (ev.key === "ArrowDown" || ev.key === "ArrowUp")) setChosen((chosen + (ev.key === "ArrowDown" ? 1 : -1) + hints.length) % hints.length)
		else if (listed && ev.key === "Tab" && !ev.shiftKey) take(hints[Math.max(0, chosen)])
		else if (listed && ev.key === "Escape") setOpen(false)
		else if (ev.key === " " && ev.ctrlKey) setOpen(true)
		else return
		ev.preventDefault()
	}
	return (
		<div class="row top">
			<div class="promql grow">
				<pre class="input mono" aria-hidden="true">
					{place ? (
						<>
							{text.slice(0, place[0])}
							<mark>{text.slice(place[0], place[1]) || " "}</mark>
							{text.slice(place[1])}
						</>
					) : (
						text
					)}
					{"\n"}
				</pre>
				<textarea
					ref={field}
					class="input mono"
					rows={Math.min(12, Math.max(2, text.split("\n").length))}
					aria-label={t("expression")}
					aria-controls="promql-hints"
					aria-autocomplete="list"
					aria-activedescendant={chosen >= 0 ? `promql-hint-${chosen}` : undefined}
					aria-invalid={!!wrong}
					aria-describedby="promql-wrong"
					placeholder="sum by (instance) (rate(node_cpu_seconds_total{mode!=&quot;idle&quot;}[5m]))"
					value={text}
					spellcheck={false}
					onInput={(ev) => {
						setText((ev.target as HTMLTextAreaElement).value)
						setOpen(true)
						setChosen(-1)
						moved()
					}}
					onKeyDown={onKey}
					onClick={moved}
					onKeyUp={moved}
					onBlur={() => setOpen(false)}
				/>
				<ul id="promql-hints" role="listbox" aria-label={t("completion")} hidden={!open || !hints.length}>
					{hints.map((h, i) => (
						/* pressed, not clicked: the field must not lose the focus first */
						<li role="option" id={`promql-hint-${i}`} aria-selected={i === chosen} key={h.kind + h.name} onMouseDown={(ev) => (ev.preventDefault(), take(h))} ref={(el) => void (i === chosen && el?.scrollIntoView({ block: "nearest" }))}>
							<span class="mono">{h.name}</span>
							{h.kind && <span class="chip" data-tone="low">{h.kind}</span>}
							<span class="muted ellipsis grow">{h.help}</span>
						</li>
					))}
				</ul>
				<p id="promql-wrong" class="wrong" role="status">
					{wrong}
				</p>
			</div>
			<Button kind="primary" onClick={() => onRun(text)}>
				{t("run")}
			</Button>
		</div>
	)
}
