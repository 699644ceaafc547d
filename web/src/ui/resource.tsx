/* resource.tsx — making and changing one resource: its form, the YAML it amounts to, who may not and why. */
import { useState } from "preact/hooks"
import { post, useGet } from "../api"
import { type Resource } from "../model"
import { t } from "../words"
import { CheckField, FormDialog, Loading, TextField } from "./basics"
import { SchemaForm, type KindRow } from "./form"
import { yaml } from "./yaml"

type Spec = Record<string, unknown>

export function useKind(kind: string): KindRow | undefined {
	const kinds = useGet<KindRow[]>("/api/tocsin/v1/kinds")
	return kinds.data?.find((k) => k.kind === kind)
}

export const save = (r: { kind: string; name: string; customer?: string; spec?: Spec; removed?: boolean }, dry = false) =>
	post<{ changed: number }>(`/api/tocsin/v1/resources${dry ? "?dry_run=true" : ""}`, [r])

export function Edit({ kind, of, customer, start, only, onClose, onDone }: { kind: string; of?: Resource; customer?: string; start?: Spec; only?: string[]; onClose: () => void; onDone?: (name: string) => void }) {
	const row = useKind(kind)
	const [name, setName] = useState(of?.name ?? "")
	const [spec, setSpec] = useState<Spec>(of?.spec ?? start ?? {})
	const [asYaml, setAsYaml] = useState(false)
	const document = { kind, name, ...(of?.customer ?? customer ? { customer: of?.customer ?? customer } : {}), spec }
	if (!row) return null
	return (
		<FormDialog
			wide
			title={of ? `${kind.replace(/_/g, " ")} ${of.name}` : t("new_of", { kind: kind.replace(/_/g, " ") })}
			done={t("save")}
			ready={!!name && !of?.managed}
			onClose={onClose}
			onSend={async () => {
				await save(document)
				onDone?.(name)
			}}
		>
			<p class="muted">{row.help}</p>
			{of?.managed && <p class="wrap">{t("managed_by_file", { file: of.managed })}</p>}
			{!of && <TextField label={t("name") + " *"} hint={t("name_rule")} value={name} onInput={setName} required autofocus />}
			{row ? <SchemaForm keys={row.keys} value={spec} onInput={setSpec} only={only} /> : <Loading />}
			<CheckField label={t("as_yaml")} checked={asYaml} onInput={setAsYaml} />
			{asYaml && <pre class="said mono" style={{ padding: "10px", background: "var(--sunken)", borderRadius: "6px" }}>{yaml([document])}</pre>}
		</FormDialog>
	)
}
