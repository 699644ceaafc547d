/* ticket.tsx — one ticket, everything on one page: what is wrong, both clocks, what happened, what can be done, who is next. */
import { type ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import { hopefully, may, now, post, useGet, whoAmI } from "../api"
import { PageHead } from "../app"
import { exactTime, span, when } from "../format"
import { useLive, type JournalEvent } from "../live"
import { alertsNamed, isOver, priorityOf, stateOf, type AlertView, type Resource, type Ticket } from "../model"
import { go } from "../router"
import { t, type Word } from "../words"
import { attempt, Button, Chip, FormDialog, Nothing, Panel, Priority, SelectField, Shown, StateChip, TextField, useTick } from "../ui/basics"
import { AlertGraph } from "../ui/chart"
import { ClockBars } from "../ui/clocks"
import { Customer } from "../ui/customer"
import { useMask } from "../ui/mask"
import { typing } from "../ui/ring"
import { Timeline } from "../ui/timeline"

type Asked = "" | "assign" | "suspend" | "close" | "priority" | "again" | "link" | "reject"

interface Ahead {
	at: string
	step: number
	round: number
	people: { user: string; why: string }[]
}

function change(k: Ticket, verb: string, body: unknown = {}) {
	return post(`/api/tocsin/v1/tickets/${k.number}/${verb}`, body)
}

/* What a one-key action makes of the ticket, shown before the daemon has said so. */
const hoped: Record<string, Partial<Ticket>> = { take: { state: "in_progress" }, resume: { state: "in_progress", suspension: "" }, accept: { state: "new" } }

const move = (k: Ticket, verb: string) =>
	hopefully<Ticket>(`/api/tocsin/v1/tickets/${k.number}`, (now) => ({ ...now, ...hoped[verb], ...(verb === "take" && whoAmI()?.user ? { assignee: whoAmI()!.user } : {}) }), () => change(k, verb))

/* ---- dialogs ---- */

function Assign({ k, onClose }: { k: Ticket; onClose: () => void }) {
	const users = useGet<Resource<{ title?: string; role?: string }>[]>("/api/tocsin/v1/resources?kind=user")
	const teams = useGet<Resource<{ title?: string }>[]>("/api/tocsin/v1/resources?kind=team")
	const [to, setTo] = useState("")
	const options: [string, string][] = [
		["", t("choose")],
		...(teams.data ?? []).map((x): [string, string] => ["team/" + x.name, t("team") + ": " + (x.spec.title || x.name)]),
		...(users.data ?? []).filter((u) => u.spec.role !== "contact").map((x): [string, string] => ["user/" + x.name, x.spec.title ? `${x.spec.title} (${x.name})` : x.name]),
	]
	return (
		<FormDialog title={t("assign")} done={t("assign")} ready={!!to} onClose={onClose} onSend={() => change(k, "assign", to.startsWith("team/") ? { team: to.slice(5) } : { user: to.slice(5) })}>
			<SelectField label={t("to_whom")} value={to} onInput={setTo} options={options} />
		</FormDialog>
	)
}

function Suspend({ k, onClose }: { k: Ticket; onClose: () => void }) {
	const [reason, setReason] = useState("customer")
	const [until, setUntil] = useState("")
	const [text, setText] = useState("")
	return (
		<FormDialog
			title={t("suspend")}
			done={t("suspend")}
			onClose={onClose}
			onSend={() => change(k, "suspend", { reason, text, ...(until ? { until: new Date(until).toISOString() } : {}) })}
		>
			<SelectField label={t("waits_for")} value={reason} onInput={setReason} options={["customer", "supplier", "process"].map((r) => [r, t(("waits_" + r) as Word)])} hint={t("suspend_hint")} />
			<TextField label={t("until_when")} type="datetime-local" value={until} onInput={setUntil} hint={t("until_hint")} />
			<TextField label={t("word_on_it")} value={text} onInput={setText} rows={2} />
		</FormDialog>
	)
}

function CloseTicket({ k, onClose }: { k: Ticket; onClose: () => void }) {
	const [text, setText] = useState("")
	const firing = (k.alerts ?? []).filter((a) => a.firing).length
	return (
		<FormDialog title={t("close_ticket")} done={t("close")} onClose={onClose} onSend={() => change(k, "close", { text })}>
			{firing > 0 && <p class="muted">{t("still_firing", { n: firing })}</p>}
			<TextField label={t("what_was_done")} hint={t("close_hint")} value={text} onInput={setText} rows={4} autofocus />
		</FormDialog>
	)
}

function Reject({ k, onClose }: { k: Ticket; onClose: () => void }) {
	const [text, setText] = useState("")
	return (
		<FormDialog title={t("reject")} done={t("reject")} danger onClose={onClose} onSend={() => change(k, "reject", { text })}>
			<TextField label={t("why")} value={text} onInput={setText} rows={3} autofocus />
		</FormDialog>
	)
}

function ChangePriority({ k, onClose }: { k: Ticket; onClose: () => void }) {
	const [priority, setPriority] = useState(priorityOf(k))
	const [text, setText] = useState("")
	return (
		<FormDialog title={t("change_priority")} done={t("save")} onClose={onClose} onSend={() => change(k, "priority", { priority, text })}>
			<SelectField label={t("priority")} value={priority} onInput={setPriority} options={["critical", "high", "medium", "low"].map((p) => [p, t(("priority_" + p) as Word)])} hint={t("priority_hint")} />
			<TextField label={t("why")} value={text} onInput={setText} rows={2} />
		</FormDialog>
	)
}

function Again({ k, onClose }: { k: Ticket; onClose: () => void }) {
	const [text, setText] = useState("")
	return (
		<FormDialog
			title={t("happens_again")}
			done={t("open_ticket")}
			onClose={onClose}
			onSend={async () => {
				const r = await post<{ number: number }>("/api/tocsin/v1/tickets", { customer: k.customer, title: k.title, description: text, refers_to: k.number })
				setTimeout(() => go(`/ticket/${r.number}`))
			}}
		>
			<TextField label={t("description")} value={text} onInput={setText} rows={4} autofocus />
		</FormDialog>
	)
}

/* Tickets of the same customer, by number or words: what is linked is chosen, not typed blindly. */
function Link({ k, onClose }: { k: Ticket; onClose: () => void }) {
	const [words, setWords] = useState("")
	const [other, setOther] = useState(0)
	const all = useGet<Ticket[]>(`/api/tocsin/v1/tickets?fields=row&limit=30&customer=${encodeURIComponent(k.customer)}&q=${encodeURIComponent(words.trim())}`)
	const mask = useMask()
	const taken = new Set([k.number, ...(k.links ?? []).map((l) => l.number)])
	return (
		<FormDialog title={t("link_ticket")} done={t("link")} ready={other > 0} onClose={onClose} onSend={() => change(k, "link", { to: other })}>
			<TextField label={t("search_tickets")} hint={t("link_hint")} value={words} onInput={setWords} autofocus />
			<Shown of={{ ...all, data: all.data?.filter((x) => !taken.has(x.number)) }} rows={3} empty={<Nothing title={t("no_ticket_fits")} />}>
				{(list) => (
					<div class="choices" role="radiogroup" aria-label={t("tickets")}>
						{list.map((x) => (
							<label class="check" key={x.number}>
								<input type="radio" name="other" checked={x.number === other} onChange={() => setOther(x.number)} />
								<span class="muted num">{x.number}</span>
								<span class="grow ellipsis">{mask.text(x.title)}</span>
								<StateChip of={stateOf(x)} />
							</label>
						))}
					</div>
				)}
			</Shown>
		</FormDialog>
	)
}

/* ---- writing ---- */

/* What is being written survives a reload and the end of a session. */
export function useDraft(key: string): [string, (v: string) => void] {
	const [text, setText] = useState(() => sessionStorage.getItem("tocsin.draft." + key) ?? "")
	return [
		text,
		(v) => {
			setText(v)
			if (v) sessionStorage.setItem("tocsin.draft." + key, v)
			else sessionStorage.removeItem("tocsin.draft." + key)
		},
	]
}

function Write({ k, box }: { k: Ticket; box: { current: HTMLTextAreaElement | null } }) {
	const [text, setText] = useDraft("ticket." + k.number)
	const [audience, setAudience] = useState("internal")
	const [busy, setBusy] = useState(false)
	const send = async (ev: Event) => {
		ev.preventDefault()
		if (busy || !text.trim()) return
		setBusy(true)
		if (await attempt(() => change(k, "message", { audience, text }), audience === "customer" ? t("sent_to_customer") : t("written"))) setText("")
		setBusy(false)
	}
	return (
		<form class="stack tight" style={{ padding: "12px" }} onSubmit={send}>
			<label class="hidden-text" for="message">
				{t("message")}
			</label>
			<textarea
				id="message"
				ref={box}
				class="input"
				rows={3}
				placeholder={t("message_hint")}
				value={text}
				onInput={(ev) => setText((ev.target as HTMLTextAreaElement).value)}
				onKeyDown={(ev) => ev.key === "Enter" && (ev.ctrlKey || ev.metaKey) && void send(ev)}
			/>
			<div class="row flow spread">
				<div class="segmented" role="group" aria-label={t("audience")}>
					{["internal", "customer", "supplier"].map((a) => (
						<button type="button" key={a} aria-pressed={a === audience} onClick={() => setAudience(a)}>
							{t(("audience_" + a) as Word)}
						</button>
					))}
				</div>
				<Button submit kind="primary" disabled={busy || !text.trim()} keys="Ctrl ↵">
					{audience === "internal" ? t("write_note") : t("send")}
				</Button>
			</div>
		</form>
	)
}

/* ---- the sides ---- */

function Next({ k }: { k: Ticket }) {
	const ahead = useGet<Ahead[]>(may("operator") && k.escalation?.climbing ? `/api/tocsin/v1/tickets/${k.number}/next` : null)
	const mask = useMask()
	useTick()
	if (!k.escalation?.climbing) return null
	return (
		<Panel title={t("called_next")} bare>
			<Shown of={ahead} rows={7} empty={<Nothing title={t("nobody_next")} />}>
				{(list) => (
					<ol class="list">
						{list.slice(0, 5).map((a) => (
							<li key={a.at + a.step} class="row top" style={{ padding: "7px 12px" }}>
								<span class="muted num" style={{ minWidth: "92px" }} title={exactTime(a.at)}>
									{Date.parse(a.at) > now() ? t("in_span", { span: span(Date.parse(a.at) - now()) }) : t("now")}
								</span>
								<span class="grow wrap">
									{a.people.length ? a.people.map((p) => mask.name(p.user, "P")).join(", ") : <Chip tone="critical">{t("hole")}</Chip>}
									<span class="muted" style={{ display: "block", fontSize: "12px" }}>
										{t("step_of_round", { step: a.step, round: a.round })} {a.people.map((p) => p.why).join("; ")}
									</span>
								</span>
							</li>
						))}
					</ol>
				)}
			</Shown>
		</Panel>
	)
}

function Links({ k }: { k: Ticket }) {
	if (!k.links?.length) return null
	return (
		<ul class="row flow">
			{k.links.map((l) => (
				<li key={l.number} class="row" style={{ gap: "2px" }}>
					<a href={`/ticket/${l.number}`}>{t("ticket_n", { n: l.number })}</a>
					{may("operator") && !isOver(k) && (
						<Button kind="plain" small icon="cross" label={t("unlink_n", { n: l.number })} onClick={() => void attempt(() => change(k, "unlink", { to: l.number }), t("unlinked"))} />
					)}
				</li>
			))}
		</ul>
	)
}

function Facts({ k }: { k: Ticket }) {
	const mask = useMask()
	const rows: [string, ComponentChildren][] = [
		[t("customer"), <a href={`/customers/${encodeURIComponent(k.customer)}`}><Customer name={k.customer} /></a>],
		[t("kind"), t(("kind_" + (k.kind ?? "incident")) as Word)],
		[t("contract"), k.contract],
		[t("problem_type"), k.problem_type],
		[t("team"), k.team && mask.name(k.team, "T")],
		[t("assignee"), k.assignee ? mask.name(k.assignee, "P") : t("nobody")],
		[t("opened_by"), k.opener],
		[t("opened"), exactTime(k.opened)],
		[t("linked_with"), k.links?.length ? <Links k={k} /> : null],
		[t("refers_to"), k.refers_to ? <a href={`/ticket/${k.refers_to}`}>{t("ticket_n", { n: k.refers_to })}</a> : null],
	]
	return (
		<Panel title={t("facts")}>
			<dl class="facts">
				{rows
					.filter(([, v]) => v)
					.map(([name, v]) => [<dt key={name}>{name}</dt>, <dd key={name + "v"}>{v}</dd>])}
			</dl>
			{k.description && (
				<p class="wrap" style={{ marginTop: "12px", whiteSpace: "pre-wrap" }}>
					{mask.text(k.description)}
				</p>
			)}
		</Panel>
	)
}

function Alerts({ k }: { k: Ticket }) {
	const names = [...new Set((k.alerts ?? []).map((a) => a.name))].slice(0, 20)
	const all = useGet<AlertView[]>(names.length ? alertsNamed(names) : null)
	const mask = useMask()
	const mine = (all.data ?? []).filter((a) => k.alerts?.some((x) => x.fingerprint === a.fingerprint))
	if (!k.alerts?.length) return null
	return (
		<Panel title={t("alerts")} count={k.alerts.length} bare>
			<ul class="list">
				{k.alerts.slice(0, 30).map((a) => {
					const full = mine.find((x) => x.fingerprint === a.fingerprint)
					return (
						<li key={a.fingerprint} style={{ padding: "8px 12px" }}>
							<div class="row spread">
								<strong class="wrap">{mask.text(a.name)}</strong>
								{a.firing ? <Chip tone="critical">{t("firing")}</Chip> : <Chip tone="good">{t("resolved")}</Chip>}
							</div>
							{full && (
								<div class="row flow" style={{ gap: "4px", marginTop: "4px" }}>
									{Object.entries(full.labels)
										.filter(([n]) => n !== "alertname")
										.map(([n, v]) => (
											<code key={n} class="chip" style={{ fontWeight: 400 }}>
												{n}={mask.text(v)}
											</code>
										))}
								</div>
							)}
							{full?.annotations.description && <p class="muted wrap">{mask.text(full.annotations.description)}</p>}
							{full?.annotations.todo && (
								<p class="wrap">
									<strong>{t("what_to_do")}</strong> {full.annotations.todo}
								</p>
							)}
							{full?.generatorURL && <AlertGraph url={full.generatorURL} since={full.startsAt} customer={k.customer} />}
						</li>
					)
				})}
			</ul>
		</Panel>
	)
}

/* ---- the page ---- */

function Actions({ k, ask }: { k: Ticket; ask: (what: Asked) => void }) {
	const s = stateOf(k)
	const mine = k.assignee === whoAmI()?.user
	const [pending, setPending] = useState(false)
	const quick = async (verb: string, done: string) => {
		if (pending) return
		setPending(true)
		const since = Date.now()
		await attempt(() => move(k, verb), done)
		/* the row of actions is another one now: the second half of a double click must hit none of them */
		setTimeout(() => setPending(false), Math.max(0, 600 - (Date.now() - since)))
	}
	if (!may("operator")) return null
	if (isOver(k)) return <Button disabled={pending} onClick={() => ask("again")}>{t("happens_again")}</Button>
	return (
		<div class="row flow" role="toolbar" aria-label={t("actions")}>
			{s === "proposed" && (
				<>
					<Button kind="primary" icon="check" disabled={pending} onClick={() => void quick("accept", t("done_accept"))}>
						{t("accept")}
					</Button>
					<Button kind="danger" disabled={pending} onClick={() => ask("reject")}>
						{t("reject")}
					</Button>
				</>
			)}
			{s !== "proposed" && !(s === "in_progress" && mine) && s !== "suspended" && (
				<Button kind="primary" icon="check" keys="t" disabled={pending} onClick={() => void quick("take", t("taken_by_you", { n: k.number }))}>
					{t("take_in_charge")}
				</Button>
			)}
			{s === "suspended" && (
				<Button kind="primary" disabled={pending} onClick={() => void quick("resume", t("done_resume"))}>
					{t("resume")}
				</Button>
			)}
			<Button keys="a" disabled={pending} onClick={() => ask("assign")}>
				{t("assign")}
			</Button>
			{s === "in_progress" && (
				<Button keys="s" disabled={pending} onClick={() => ask("suspend")}>
					{t("suspend")}
				</Button>
			)}
			<Button keys="p" disabled={pending} onClick={() => ask("priority")}>
				{t("priority")}
			</Button>
			{(s === "new" || s === "assigned") && (
				<Button keys="e" disabled={pending} onClick={() => void quick("escalate", t("done_escalate"))}>
					{t("escalate")}
				</Button>
			)}
			<Button keys="l" disabled={pending} onClick={() => ask("link")}>
				{t("link")}
			</Button>
			<Button keys="x" disabled={pending} onClick={() => ask("close")}>
				{t("close")}
			</Button>
		</div>
	)
}

export function TicketPage({ name }: { name?: string }) {
	const n = Number(name)
	const ticket = useGet<Ticket>(Number.isInteger(n) && n > 0 ? `/api/tocsin/v1/tickets/${n}` : null)
	const events = useGet<JournalEvent[]>(Number.isInteger(n) && n > 0 ? `/api/tocsin/v1/tickets/${n}/events` : null)
	const [asked, setAsked] = useState<Asked>("")
	const [fresh, setFresh] = useState<Set<number>>(new Set())
	const box = useRef<HTMLTextAreaElement>(null)
	const mask = useMask()
	useLive((ev) => ev.subject === "ticket/" + n && setFresh((s) => new Set([...s, ev.seq])))
	useEffect(() => {
		const on = (ev: KeyboardEvent) => {
			const k = ticket.data
			if (!k || !may("operator") || typing(ev) || ev.ctrlKey || ev.metaKey || ev.altKey || document.querySelector("dialog[open]")) return
			const s = stateOf(k)
			if (ev.key === "r") box.current?.focus()
			else if (isOver(k)) return
			else if (ev.key === "t" && s !== "proposed") void attempt(() => move(k, "take"), t("taken_by_you", { n: k.number }))
			else if (ev.key === "a") setAsked("assign")
			else if (ev.key === "s" && s === "in_progress") setAsked("suspend")
			else if (ev.key === "p") setAsked("priority")
			else if (ev.key === "l") setAsked("link")
			else if (ev.key === "x") setAsked("close")
			else if (ev.key === "e" && (s === "new" || s === "assigned")) void attempt(() => change(k, "escalate"), t("done_escalate"))
			else return
			ev.preventDefault()
		}
		addEventListener("keydown", on)
		return () => removeEventListener("keydown", on)
	})
	const k = ticket.data
	const close = () => setAsked("")
	return (
		<>
			<PageHead title={t("ticket_n", { n: name ?? "" })} />
			<div class="page">
				<Shown of={ticket} rows={6}>
					{(k) => (
						<>
							<div class="stack tight">
								<div class="row flow">
									<Priority of={priorityOf(k)} />
									<StateChip of={stateOf(k)} waits={k.suspension} />
									{k.until && stateOf(k) === "suspended" && <span class="muted">{t("until", { at: when(k.until) })}</span>}
									<span class="muted"><Customer name={k.customer} /></span>
								</div>
								<h1 class="wrap" style={{ fontSize: "21px" }}>
									{mask.text(k.title)}
								</h1>
								<Actions k={k} ask={setAsked} />
							</div>
							<div class="columns">
								<div class="stack" style={{ gap: "16px" }}>
									<Panel title={t("clocks")}>
										<ClockBars of={k} />
									</Panel>
									<Panel title={t("timeline")} count={events.data?.length ?? ""} bare>
										{may("operator") && <Write k={k} box={box} />}
										<Shown of={events} rows={5}>
											{(list) => <Timeline events={[...list].reverse()} fresh={fresh} />}
										</Shown>
									</Panel>
								</div>
								<div class="stack" style={{ gap: "16px" }}>
									<Next k={k} />
									<Alerts k={k} />
									<Facts k={k} />
								</div>
							</div>
						</>
					)}
				</Shown>
			</div>
			{k && asked === "assign" && <Assign k={k} onClose={close} />}
			{k && asked === "suspend" && <Suspend k={k} onClose={close} />}
			{k && asked === "close" && <CloseTicket k={k} onClose={close} />}
			{k && asked === "reject" && <Reject k={k} onClose={close} />}
			{k && asked === "priority" && <ChangePriority k={k} onClose={close} />}
			{k && asked === "link" && <Link k={k} onClose={close} />}
			{k && asked === "again" && <Again k={k} onClose={close} />}
		</>
	)
}
