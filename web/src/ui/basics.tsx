/* basics.tsx — what pages are made of: buttons, chips, panels, fields, the three states of a list. */
import { type ComponentChildren } from "preact"
import { useEffect, useId, useRef, useState } from "preact/hooks"
import { Trouble, type Answer } from "../api"
import { t, type Word } from "../words"
import { Icon, Shape, type IconName } from "./icons"

export function Button(p: {
	children?: ComponentChildren
	icon?: IconName
	kind?: "primary" | "danger" | "plain"
	small?: boolean
	label?: string
	pressed?: boolean
	disabled?: boolean
	submit?: boolean
	keys?: string
	onClick?: () => void
}) {
	const cls = ["button", p.kind, p.small && "small"].filter(Boolean).join(" ")
	return (
		<button type={p.submit ? "submit" : "button"} class={cls} aria-label={p.label} title={p.label} aria-pressed={p.pressed} disabled={p.disabled} onClick={p.onClick}>
			{p.icon && <Icon name={p.icon} />}
			{p.children}
			{p.keys && <kbd aria-hidden="true">{p.keys}</kbd>}
		</button>
	)
}

const tones: Record<string, string> = {
	critical: "critical", high: "high", medium: "medium", low: "low", new: "medium", proposed: "medium", assigned: "accent", in_progress: "good",
	suspended: "low", closed: "low", rejected: "low", warning: "high", error: "critical", info: "accent", firing: "critical", pending: "high", active: "critical",
	ok: "good", unknown: "medium", expired: "low", resolved: "good", inactive: "good", up: "good", down: "critical",
}
export const toneOf = (word: string) => tones[word] ?? "low"

export function Chip({ children, tone, icon }: { children: ComponentChildren; tone?: string; icon?: IconName }) {
	return (
		<span class="chip" data-tone={tone ?? "low"}>
			{icon && <Icon name={icon} />}
			{children}
		</span>
	)
}

export function Priority({ of }: { of: string }) {
	return (
		<span class="chip" data-tone={toneOf(of)}>
			<Shape of={of} />
			{t(("priority_" + of) as Word)}
		</span>
	)
}

export function Severity({ of }: { of: string }) {
	const shape = of === "critical" || of === "error" ? "critical" : of === "warning" ? "high" : of === "info" ? "low" : "none"
	return (
		<span class="chip" data-tone={toneOf(of)}>
			<Shape of={shape} />
			{of || t("none")}
		</span>
	)
}

export const StateChip = ({ of, waits }: { of: string; waits?: string }) => (
	<Chip tone={toneOf(of)}>
		{t(("state_" + of) as Word)}
		{waits ? ": " + t(("waits_" + waits) as Word) : ""}
	</Chip>
)

export function Panel(p: { title: ComponentChildren; count?: number | string; actions?: ComponentChildren; children: ComponentChildren; bare?: boolean }) {
	return (
		<section class="panel">
			<header>
				<h2 class="grow">
					{p.title} {p.count !== undefined && <span class="count">{p.count}</span>}
				</h2>
				{p.actions}
			</header>
			{p.bare ? p.children : <div class="inside">{p.children}</div>}
		</section>
	)
}

/* ---- empty, loading, error ---- */

export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
	return (
		<div class="state-box">
			<strong>{title}</strong>
			{children && <span>{children}</span>}
		</div>
	)
}

export function Loading({ rows = 4 }: { rows?: number }) {
	return (
		<div role="status" aria-busy="true" aria-label={t("loading")}>
			{Array.from({ length: rows }, (_, i) => (
				<div class="skeleton" key={i} />
			))}
		</div>
	)
}

export const troubleText = (e: unknown) => (e instanceof Trouble && e.status ? e.message : e instanceof Trouble ? t("unreachable") : String((e as Error)?.message ?? e))

/* Shows what an answer holds, or which of the three states it is in. */
export function Shown<T>({ of, rows, empty, children }: { of: Answer<T> & { again: () => void }; rows?: number; empty?: ComponentChildren; children: (data: T) => ComponentChildren }) {
	if (of.data === undefined && of.trouble)
		return (
			<div class="state-box error" role="alert">
				<strong>{t("failed")}</strong>
				<span class="wrap">{troubleText(of.trouble)}</span>
				<Button onClick={of.again}>{t("try_again")}</Button>
			</div>
		)
	if (of.data === undefined) return <Loading rows={rows} />
	if (empty && Array.isArray(of.data) && !of.data.length) return <>{empty}</>
	return <>{children(of.data)}</>
}

/* ---- fields ---- */

interface FieldProps {
	label: string
	hint?: ComponentChildren
	wrong?: string
}

export function Field(p: FieldProps & { children: (id: string) => ComponentChildren }) {
	const id = useId()
	return (
		<div class="field">
			<label for={id}>{p.label}</label>
			{p.children(id)}
			{p.hint && <span class="hint">{p.hint}</span>}
			{p.wrong && (
				<span class="wrong" role="alert">
					{p.wrong}
				</span>
			)}
		</div>
	)
}

export function TextField(
	p: FieldProps & { value: string; onInput: (v: string) => void; type?: string; placeholder?: string; rows?: number; required?: boolean; autofocus?: boolean; list?: string[]; mono?: boolean; name?: string; autocomplete?: string },
) {
	const ref = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
	useEffect(() => {
		if (p.autofocus) ref.current?.focus()
	}, [])
	const listId = useId()
	return (
		<Field {...p}>
			{(id) => {
				const common = {
					id, ref, name: p.name, class: "input" + (p.mono ? " mono" : ""), value: p.value, placeholder: p.placeholder, required: p.required, "aria-invalid": !!p.wrong,
					onInput: (ev: Event) => p.onInput((ev.target as HTMLInputElement).value),
				}
				return p.rows ? (
					<textarea {...common} rows={p.rows} />
				) : (
					<>
						<input {...common} type={(p.type ?? "text") as "text"} autocomplete={(p.autocomplete ?? "off") as "off"} list={p.list ? listId : undefined} />
						{p.list && (
							<datalist id={listId}>
								{p.list.map((v) => (
									<option value={v} key={v} />
								))}
							</datalist>
						)}
					</>
				)
			}}
		</Field>
	)
}

export function SelectField(p: FieldProps & { value: string; options: [string, string][]; onInput: (v: string) => void }) {
	return (
		<Field {...p}>
			{(id) => (
				<select id={id} class="input" value={p.value} onChange={(ev) => p.onInput((ev.target as HTMLSelectElement).value)}>
					{p.options.map(([v, text]) => (
						<option value={v} key={v}>
							{text}
						</option>
					))}
				</select>
			)}
		</Field>
	)
}

export function CheckField({ label, checked, onInput }: { label: string; checked: boolean; onInput: (v: boolean) => void }) {
	return (
		<label class="check">
			<input type="checkbox" checked={checked} onChange={(ev) => onInput((ev.target as HTMLInputElement).checked)} />
			{label}
		</label>
	)
}

export function Segmented({ label, value, options, onInput }: { label: string; value: string; options: [string, string][]; onInput: (v: string) => void }) {
	return (
		<div class="segmented" role="group" aria-label={label}>
			{options.map(([v, text]) => (
				<button type="button" key={v} aria-pressed={v === value} onClick={() => onInput(v)}>
					{text}
				</button>
			))}
		</div>
	)
}

/* ---- dialogs ---- */

export function Dialog({ title, onClose, children, wide }: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
	const ref = useRef<HTMLDialogElement>(null)
	const id = useId()
	useEffect(() => {
		const d = ref.current!
		const before = document.activeElement as HTMLElement | null
		d.showModal()
		return () => before?.focus?.()
	}, [])
	return (
		<dialog ref={ref} aria-labelledby={id} onClose={onClose} style={wide ? { width: "min(820px, calc(100vw - 24px))" } : undefined}>
			<div class="inside">
				<div class="row spread">
					<h2 id={id} style={{ fontSize: "15px" }}>
						{title}
					</h2>
					<Button kind="plain" icon="cross" label={t("close_dialog")} onClick={onClose} />
				</div>
				{children}
			</div>
		</dialog>
	)
}

/* A form in a dialog: sends once, shows the daemon's sentence when it is refused, keeps what was typed. */
export function FormDialog(p: { title: string; done: string; onClose: () => void; onSend: () => Promise<unknown>; children: ComponentChildren; wide?: boolean; danger?: boolean; ready?: boolean; stays?: boolean /* open after it was sent: there is a next step */ }) {
	const [busy, setBusy] = useState(false)
	const [wrong, setWrong] = useState("")
	const send = async (ev: Event) => {
		ev.preventDefault()
		if (busy) return
		setBusy(true)
		setWrong("")
		try {
			await p.onSend()
			if (p.stays) setBusy(false)
			else p.onClose()
		} catch (e) {
			setWrong(troubleText(e))
			setBusy(false)
		}
	}
	return (
		<Dialog title={p.title} onClose={p.onClose} wide={p.wide}>
			<form class="stack" onSubmit={send} onKeyDown={(ev) => ev.key === "Enter" && (ev.ctrlKey || ev.metaKey) && void send(ev)}>
				{p.children}
				{wrong && (
					<p class="wrong field wrap" role="alert" style={{ color: "var(--critical)", whiteSpace: "pre-wrap" }}>
						{wrong}
					</p>
				)}
				<div class="actions row" style={{ justifyContent: "flex-end" }}>
					<Button onClick={p.onClose}>{t("cancel")}</Button>
					<Button submit kind={p.danger ? "danger" : "primary"} disabled={busy || p.ready === false}>
						{p.done}
					</Button>
				</div>
			</form>
		</Dialog>
	)
}

/* ---- toasts ---- */

interface Said {
	id: number
	text: string
	tone: "good" | "critical" | "accent"
}
let said: Said[] = []
let next = 1
let tell: () => void = () => {}

export function say(text: string, tone: Said["tone"] = "good") {
	const s = { id: next++, text, tone }
	said = [...said.slice(-3), s]
	tell()
	setTimeout(() => {
		said = said.filter((x) => x.id !== s.id)
		tell()
	}, tone === "critical" ? 9000 : 4500)
}

export function Toasts() {
	const [, turn] = useState(0)
	useEffect(() => {
		tell = () => turn((n) => n + 1)
	}, [])
	return (
		<div class="toasts" role="status" aria-live="polite">
			{said.map((s) => (
				<div class="toast" data-tone={s.tone} key={s.id}>
					<Icon name={s.tone === "critical" ? "cross" : "check"} />
					<span class="wrap">{s.text}</span>
				</div>
			))}
		</div>
	)
}

/* Does it, says so; when it is refused, says why. */
export async function attempt(what: () => Promise<unknown>, done?: string): Promise<boolean> {
	try {
		await what()
		if (done) say(done)
		return true
	} catch (e) {
		say(troubleText(e), "critical")
		return false
	}
}

/* ---- time that passes ---- */

/* Renders again every `ms`, on the whole second, while the page is seen. */
export function useTick(ms = 1000) {
	const [, turn] = useState(0)
	useEffect(() => {
		const fn = () => turn((n) => n + 1)
		let all = ticking.get(ms)
		if (!all) {
			ticking.set(ms, (all = new Set()))
			setInterval(() => !document.hidden && ticking.get(ms)!.forEach((f) => f()), ms)
		}
		all.add(fn)
		return () => void all.delete(fn)
	}, [ms])
}
const ticking = new Map<number, Set<() => void>>() /* one timer for each pace, however many rows show a clock */

