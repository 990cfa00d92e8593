namespace PgListener.Durable.Log;

/// <summary>What a reader reads: a channel, or one shard of it.</summary>
/// <param name="Name">The channel's name in the log, with the prefix.</param>
/// <param name="Shards">How many shards the reader's subscription has.</param>
/// <param name="Shard">Which of them it reads, from 0.</param>
internal sealed record LogChannel(string Name, int Shards = 1, int Shard = 0);
