/* kahan.h — sums of many doubles that lose next to nothing: Neumaier's variant of Kahan's summation. */
#ifndef BASE_KAHAN_H
#define BASE_KAHAN_H

struct kahan {
	double sum, c;
};
static inline void
kahan_add(struct kahan *k, double x)
{
	double t = k->sum + x;
	double a = k->sum < 0 ? -k->sum : k->sum, b = x < 0 ? -x : x;
	if (__builtin_isinf(t))
		k->c = 0;
	else
		k->c += a >= b ? (k->sum - t) + x : (x - t) + k->sum;
	k->sum = t;
}
static inline double
kahan_sum(const struct kahan *k)
{
	return __builtin_isinf(k->sum) ? k->sum : k->sum + k->c;
}

/* Of n numbers; Prometheus divides both parts. */
static inline double
kahan_mean(const struct kahan *k, double n)
{
	return k->sum / n + k->c / n;
}

#endif
