namespace PgListener;

/// <summary>The process that handles the messages of a shard.</summary>
/// <param name="Name">The machine and process, as <c>machine/process id</c>; empty until its first move of the position.</param>
/// <param name="ServerProcess">The process at the server, as in <c>pg_stat_activity</c>.</param>
/// <param name="Application">Its <c>application_name</c>, if this role may see it.</param>
/// <param name="Address">Its address, if this role may see it and it is not a local one.</param>
public sealed record DurableShardHolder(string Name, int ServerProcess, string? Application = null, string? Address = null);
