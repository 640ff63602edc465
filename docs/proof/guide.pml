/* SPDX-License-Identifier: Apache-2.0
 *
 * The form `guide`: PRIMARY follows the endpoint's check (30 s, threshold 1). The check's metric, an alarm, a topic and a function
 * latch it, afterwards. A tick is 10 s, and the chain is taken at its fastest: a minute's datapoint is seen and evaluated before the
 * next tick, the message and the function take no longer, and checkers know the latch at once. It leaks all the same.
 *
 * tick 10 s
 * run leak: shortest sentence in 60 steps as guide.story: the story of README.md
 * thorough run late-chain: -DPOINT_TICKS=12 -DLASTING=18 safety sentence: an outage of three minutes, and a datapoint that is seen after two
 * thorough run lasting: -DLASTING=18 safety holds: every outage and every recovery lasts three minutes, and the chain is at its fastest
 * run possible: -DLASTING=18 -DREACH safety reached: failover, switch back, Primary, and the next failover: that is no empty promise
 * run liveness: -DLASTING=18 liveness holds: every outage and recovery lasts three minutes: the sentence; and after a switch back Primary serves, in an outage that lasts Backup does
 * thorough run short-of-lasting: -DLASTING=15 safety sentence: half a minute less is too little where the function crashes once
 * thorough run slow-checkers: -DLASTING=18 -DLAG=3 safety sentence: checkers that learn of the latch half a minute late
 * run both-fail: -DLASTING=18 -DBACKUP_FAILS safety sentence: both sites unhealthy: Route 53 answers Primary, latched or not
 * run terraform: -DLASTING=18 -DTERRAFORM safety sentence: a revert of the path is a switch back by no person
 * run no-release: -DLASTING=18 -DLATCHES_AGAIN safety undoes: a message from before the switch back latches again
 */
#define SECONDARY_CHECKED
#define changed skip
#ifndef POINT_TICKS
#define POINT_TICKS 0            /* ticks that a datapoint may wait to be seen and evaluated */
#endif
#ifndef MESSAGE_TICKS
#define MESSAGE_TICKS 0          /* ticks that a message may be on its way */
#endif
#ifndef RETRY
#define RETRY 6                  /* ticks after which Lambda tries again what crashed */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef COPIES
#define COPIES 1                 /* messages that are delivered once more, at any time */
#endif

#include "edges.pml"
#include "checkers.pml"

byte second;                     /* of the minute, in ticks */
bit low;                         /* the minute under way has a sample of 0 */
bit point, point_value, alarm;   /* a datapoint that nobody has seen; what it says; the alarm is in ALARM */
byte point_age;
bit message, message_old;        /* a message on its way; a switch back came after what it tells */
byte message_age;
bit copy, copy_old;              /* the same message once more */
byte copies = COPIES, crashes = CRASHES;
bit again, again_old;            /* an invocation that crashed, to be tried again */
byte again_in;

proctype CloudWatch()
{
  do
  :: atomic {
       point ->
       point = 0;
       if
       :: point_value == 0 && !alarm ->
          alarm = 1;
          message = 1;
          message_old = 0;
          message_age = 0;
          printf("@ the alarm is in ALARM and tells the topic\n")
       :: point_value && alarm ->
          alarm = 0;
          printf("@ the alarm is OK\n")
       :: else
       fi
     }
  od
}

proctype Function()
{
  bit old;
  do
  :: atomic {
       if
       :: message ->
          message = 0;
          old = message_old;
          message_old = 0;
          if
          :: copies > 0 -> copies--; copy = 1; copy_old = old
          :: true
          fi
       :: copy ->
          copy = 0;
          old = copy_old;
          copy_old = 0
       :: again && again_in == 0 ->
          again = 0;
          old = again_old;
          again_old = 0
       fi;
       if
#ifndef LATCHES_AGAIN
       :: old -> printf("@ the function: that was before the switch back\n")
       :: !old && crashes > 0 && !again ->
#else
       :: crashes > 0 && !again ->
#endif
          crashes--;
          again = 1;
          again_old = old;
          again_in = RETRY;
          printf("@ the function crashes\n")
#ifndef LATCHES_AGAIN
       :: !old ->
#else
       :: true ->
#endif
          latch_it();
          printf("@ the function latches the check\n")
       fi;
       old = 0
     }
  od
}

proctype Operator()
{
  do
  :: atomic {
       latched && well && alarm ->
       store(0);
       site_changed;
       message_old = message;
       copy_old = copy;
       again_old = again;
       person_switched_back();
       primary_owed = 1;
       printf("@ a person switches back\n")
     }
  od
}

#ifdef TERRAFORM
proctype Terraform()
{
  do
  :: atomic { latched -> store(0); printf("@ Terraform puts the path back\n") }
  od
}
#endif

#define chain_may_wait ((!point || point_age < POINT_TICKS) && (!message || message_age < MESSAGE_TICKS) && (!again || again_in > 0))

proctype Clock()
{
  do
  :: atomic {
       edges_may_wait && probes_may_wait && chain_may_wait ->
       d_step {
         printf("@tick\n");
         edges_tick();
         checkers_tick();
         site_tick;
         point_age = (point -> point_age + 1 : 0);
         message_age = (message -> message_age + 1 : 0);
         again_in = (again_in > 0 -> again_in - 1 : 0);
         second = (second + 1) % 6;
         low = low || (second % 2 == 0 && !status);
         if
         :: second == 0 ->
            point = 1;
            point_age = 0;
            point_value = !low;
            low = 0
         :: else
         fi
       }
     }
  od
}

init {
  byte phase;
  atomic {
    checkers_begin();
    run Primary();
    run Edge(0);
    run Edge(1);
    run CloudWatch();
    run Function();
    run Operator();
#ifdef TERRAFORM
    run Terraform();
#endif
    run_backup;
    run_reached;
    run Clock()
  }
}

ltl liveness { ([]<> !primary_owed) && ([]<> !backup_owed) }
