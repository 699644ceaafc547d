/*
 * portal.tsx — the customer's own view: open a ticket and know that it was taken, follow it in plain words, write, and say
 * "it happens again".
 */
import { useState } from "preact/hooks"
import { post, useGet, whoAmI } from "../api"
import { PageHead } from "../app"
import { exactTime, when } from "../format"
import { type JournalEvent } from "../live"
import { isOver, stateOf, type Clock, type Ticket } from "../model"
import { go, setQuery, usePlace } from "../router"
import { t, type Word } from "../words"
import { attempt, Button, FormDialog, Nothing, Panel, Priority, SelectField, Shown, StateChip, TextField } from "../ui/basics"
import { Timeline } from "../ui/timeline"
import { useDraft } from "./ticket"

interface ProblemType {
	name: string
	title: string
}

const promise = (c: Clock) => (c.deadline ? exactTime(c.deadline) : c.state === "stopped" ? t("clock_stopped") : t("clock_none"))

function OpenTicket({ onClose, again }: { onClose: () => void; again?: Ticket }) {
	const types = useGet<ProblemType[]>("/api/tocsin/v1/problem_types")
	const [type, setType] = useState("")
	const [title, setTitle] = useState(again?.title ?? "")
	const [text, setText] = useDraft("new")
	const customers = whoAmI()?.customers ?? []
	const [customer, setCustomer] = useState(customers[0] ?? "default")
	return (
		<FormDialog
			title={again ? t("happens_again") : t("open_ticket")}
			done={t("send")}
			ready={!!title.trim()}
			onClose={onClose}
			onSend={async () => {
				const r = await post<{ number: number }>("/api/tocsin/v1/tickets", {
					customer: again?.customer ?? customer,
					title,
					description: text,
					...(type ? { problem_type: type } : {}),
					...(again ? { refers_to: again.number } : {}),
				})
				setText("")
				setTimeout(() => go(`/ticket/${r.number}?opened=1`))
			}}
		>
			{customers.length > 1 && !again && <SelectField label={t("customer")} value={customer} onInput={setCustomer} options={customers.map((c) => [c, c])} />}
			{!again && <SelectField label={t("what_kind")} value={type} onInput={setType} options={[["", t("something_else")], ...(types.data ?? []).map((p): [string, string] => [p.name, p.title])]} />}
			<TextField label={t("in_one_line")} value={title} onInput={setTitle} required autofocus />
			<TextField label={t("tell_us_more")} hint={t("tell_us_hint")} value={text} onInput={setText} rows={6} />
		</FormDialog>
	)
}

function inPlainWords(k: Ticket): string {
	const s = stateOf(k)
	if (s === "suspended") return t(("plain_" + (k.suspension || "process")) as Word)
	return t(("plain_" + s) as Word)
}

function List({ list, none }: { list: Ticket[]; none: string }) {
	if (!list.length) return <Nothing title={none} />
	return (
		<ul class="list">
			{list.map((k) => (
				<li key={k.number}>
					<a href={`/ticket/${k.number}`} class="row top" style={{ padding: "10px 12px", color: "var(--ink)" }}>
						<span class="muted num" style={{ minWidth: "44px" }}>
							{k.number}
						</span>
						<span class="grow">
							<strong class="wrap">{k.title}</strong>
							<span class="muted" style={{ display: "block" }}>
								{inPlainWords(k)}
							</span>
						</span>
						<span class="muted num">{when(k.changed)}</span>
					</a>
				</li>
			))}
		</ul>
	)
}

export function Portal() {
	const { query } = usePlace()
	const open = useGet<Ticket[]>("/api/tocsin/v1/tickets?state=open&fields=row&limit=500")
	const closed = useGet<Ticket[]>("/api/tocsin/v1/tickets?state=closed&fields=row&limit=50")
	return (
		<>
			<PageHead title={t("portal")}>
				<Button kind="primary" icon="plus" onClick={() => setQuery("new", "1")}>
					{t("open_ticket")}
				</Button>
			</PageHead>
			<div class="page" style={{ maxWidth: "900px" }}>
				<Panel title={t("open_and_waiting")} count={open.data?.length ?? ""} bare>
					<Shown of={open} rows={3}>
						{(l) => <List list={l} none={t("portal_none")} />}
					</Shown>
				</Panel>
				<Panel title={t("state_closed")} count={closed.data?.length ?? ""} bare>
					<Shown of={closed} rows={3}>
						{(l) => <List list={l} none={t("portal_none_closed")} />}
					</Shown>
				</Panel>
			</div>
			{query.get("new") && <OpenTicket onClose={() => setQuery("new", "")} />}
		</>
	)
}

function Write({ k }: { k: Ticket }) {
	const [text, setText] = useDraft("portal." + k.number)
	const [busy, setBusy] = useState(false)
	const send = async (ev: Event) => {
		ev.preventDefault()
		if (busy || !text.trim()) return
		setBusy(true)
		if (await attempt(() => post(`/api/tocsin/v1/tickets/${k.number}/message`, { text, audience: "customer" }), t("message_sent"))) setText("")
		setBusy(false)
	}
	return (
		<form class="stack tight" style={{ padding: "12px" }} onSubmit={send}>
			<TextField label={t("message")} value={text} onInput={setText} rows={3} placeholder={t("portal_message_hint")} />
			<div>
				<Button submit kind="primary" disabled={busy || !text.trim()}>
					{t("send")}
				</Button>
			</div>
		</form>
	)
}

export function PortalTicket({ name }: { name?: string }) {
	const { query } = usePlace()
	const n = Number(name)
	const ticket = useGet<Ticket>(n > 0 ? `/api/tocsin/v1/tickets/${n}` : null)
	const events = useGet<JournalEvent[]>(n > 0 ? `/api/tocsin/v1/tickets/${n}/events` : null)
	const [again, setAgain] = useState(false)
	const [done, setDone] = useState(false)
	return (
		<>
			<PageHead title={t("ticket_n", { n: name ?? "" })} />
			<div class="page" style={{ maxWidth: "900px" }}>
				<Shown of={ticket} rows={4}>
					{(k) => (
						<>
							{query.get("opened") && (
								<div class="panel" style={{ padding: "12px", borderColor: "var(--good)" }} role="status">
									<strong>{t("we_have_it", { n: k.number })}</strong>
									<dl class="facts" style={{ marginTop: "6px" }}>
										<dt>{t("promised_pickup")}</dt>
										<dd>{promise(k.clocks.pickup)}</dd>
										<dt>{t("promised_resolution")}</dt>
										<dd>{promise(k.clocks.resolution)}</dd>
									</dl>
								</div>
							)}
							<div class="stack tight">
								<div class="row flow">
									<Priority of={k.priority ?? "none"} />
									<StateChip of={stateOf(k)} />
								</div>
								<h1 class="wrap" style={{ fontSize: "20px" }}>
									{k.title}
								</h1>
								<p>{inPlainWords(k)}</p>
								{k.description && (
									<p class="wrap muted" style={{ whiteSpace: "pre-wrap" }}>
										{k.description}
									</p>
								)}
								<dl class="facts">
									<dt>{t("opened")}</dt>
									<dd>{exactTime(k.opened)}</dd>
									{!isOver(k) && (
										<>
											<dt>{t("promised_resolution")}</dt>
											<dd>{promise(k.clocks.resolution)}</dd>
										</>
									)}
									{!!k.refers_to && (
										<>
											<dt>{t("refers_to")}</dt>
											<dd>
												<a href={`/ticket/${k.refers_to}`}>{t("ticket_n", { n: k.refers_to })}</a>
											</dd>
										</>
									)}
								</dl>
								<div class="row flow">
									{stateOf(k) === "closed" ? (
										<Button kind="primary" onClick={() => setAgain(true)}>
											{t("happens_again")}
										</Button>
									) : (
										<Button onClick={() => setDone(true)}>{t("it_is_solved")}</Button>
									)}
								</div>
							</div>
							<Panel title={t("what_happened")} bare>
								{!isOver(k) && <Write k={k} />}
								<Shown of={events} rows={3}>
									{(list) => <Timeline events={[...list].reverse()} />}
								</Shown>
							</Panel>
							{again && <OpenTicket again={k} onClose={() => setAgain(false)} />}
							{done && (
								<FormDialog title={t("it_is_solved")} done={t("close")} onClose={() => setDone(false)} onSend={() => post(`/api/tocsin/v1/tickets/${k.number}/close`, { text: "" })}>
									<p>{t("solved_hint")}</p>
								</FormDialog>
							)}
						</>
					)}
				</Shown>
			</div>
		</>
	)
}
