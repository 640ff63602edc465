/* SPDX-License-Identifier: Apache-2.0
 *
 * The form `fast` (a design): `strict` with N of each Region, which moves DNS within seconds, and holds until P does. One Region is
 * cut off at a time, for a minute at least, and a minute lies between two cuts.
 *
 * tick 60 s
 * run safe: -DLATES=0 safety holds: one Region is cut off, either, at any time and again and again
 * thorough run safe-in-full: safety holds: and an invocation is late
 * run liveness: -DNO_CUTS -DLATES=0 liveness holds: after a switch back Primary serves, in an outage that lasts Backup does
 * run possible: -DNO_CUTS -DREACH safety reached: failover, switch back, Primary, and the next failover: that is no empty promise
 * run both-cut: -DBOTH_CUT -DLATES=0 shortest sentence in 60 steps as fast.story: both Regions are cut off within minutes of a failover
 * run early: -DEARLY -DNO_CUTS safety sentence: a switch back before what was revoked shows
 */
#define WITH_N
#include "permits.pml"
