03:00:00  region 1 is cut off
03:00:00  E is unhealthy
03:00:00  region 2 revokes
03:00:00  N2 is unhealthy
03:00:00  the check is unhealthy
03:00:00  region 2 is cut off
03:00:00  edge 2 learns: unhealthy
03:00:00  edge 2 answers Backup: this is the failover
03:00:00  edge 1 learns: unhealthy
03:01:00  N2 is healthy
03:01:00  the check is healthy
03:01:00  edge 2 learns: healthy
03:01:00  LEAK edge 2 answers Primary, and no person has switched back
