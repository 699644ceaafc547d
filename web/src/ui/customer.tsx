/* customer.tsx — a customer's name as people write it, and choosing one. */
import { may, useGet } from "../api"
import { type Resource } from "../model"
import { t } from "../words"
import { useMask } from "./mask"

const useCustomers = () => useGet<Resource<{ title?: string }>[]>(may("operator") ? "/api/tocsin/v1/resources?kind=customer" : null)

export function useTitles(): (name: string) => string {
	const all = useCustomers()
	return (name) => all.data?.find((c) => c.name === name)?.spec.title || name
}

export function Customer({ name }: { name: string }) {
	const titleOf = useTitles()
	const mask = useMask()
	return <>{mask.name(titleOf(name), t("customer"))}</>
}

/* Whose samples: empty is the asker's own place. */
export function CustomerField({ value, onInput }: { value: string; onInput: (v: string) => void }) {
	const all = useCustomers()
	const mask = useMask()
	const names = (all.data ?? []).map((c) => c.name)
	if (!names.length && !value) return null
	return (
		<select class="input" style={{ width: "auto", maxWidth: "200px" }} aria-label={t("customer")} value={value} onChange={(ev) => onInput((ev.target as HTMLSelectElement).value)}>
			<option value="">{t("own_place")}</option>
			{[...new Set([...names, ...(value ? [value] : [])])].map((n) => (
				<option value={n} key={n}>
					{mask.name(all.data?.find((c) => c.name === n)?.spec.title || n, t("customer"))}
				</option>
			))}
		</select>
	)
}
