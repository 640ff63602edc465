/* SPDX-License-Identifier: Apache-2.0
 *
 * The form `strict` (a design): R = P of Region A and P of Region B. Whatever is cut off, R is unhealthy only because a 0 was
 * published, so revoked, and stays so.
 *
 * tick 60 s
 * run safe: -DBOTH_CUT -DLATES=0 safety holds: either Region or both are cut off, at any time and again and again
 * thorough run late: -DNO_CUTS safety holds: an invocation is late
 * thorough run safe-in-full: -DBOTH_CUT safety holds: both
 * run liveness: -DNO_CUTS -DLATES=0 liveness holds: after a switch back Primary serves, in an outage that lasts Backup does
 * run possible: -DNO_CUTS -DREACH safety reached: failover, switch back, Primary, and the next failover: that is no empty promise
 * run no-condition: -DNO_CONDITION -DNO_CUTS -DLATES=0 safety undoes: a revocation that names no release undoes a switch back
 * run unknown-is-healthy: -DUNKNOWN_IS_HEALTHY -DBOTH_CUT -DLATES=0 safety sentence: InsufficientDataHealthStatus other than LastKnownStatus
 * thorough run short-window: -DPERIODS=1 -DBOTH_CUT safety sentence: a window as short as the function's time limit: a late 1 outlives the last 0
 * run both-fail: -DSECONDARY_CHECKED -DBACKUP_FAILS -DNO_CUTS -DLATES=0 safety sentence: SECONDARY with a health check
 */
#include "permits.pml"
