using PgListener.Durable.Chaos.Readers;

namespace PgListener.Durable.Chaos.Faults;

/// <summary>What happens to readers.</summary>
internal sealed class ReaderFaults(ReaderPool pool, ChaosDatabase database)
{
    /// <summary>Does it.</summary>
    /// <returns>The reader that felt it; <see langword="null"/> if it was none, or all.</returns>
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        switch (kind)
        {
            case FaultKind.KillReader:
                var killed = pool.Pick(random);
                await pool.RemoveAsync(killed, one => one.KillAsync());
                pool.Start();
                return killed.Name;

            case FaultKind.FreezeReader:
                var frozen = pool.Pick(random);
                frozen.Freeze();
                await Task.Delay(TimeSpan.FromSeconds(2 + 8 * random.NextDouble()));
                frozen.Thaw();
                return frozen.Name;

            case FaultKind.StopReader:
                var stopped = pool.Pick(random);
                await pool.RemoveAsync(stopped, one => one.StopAsync());
                pool.Start();
                return stopped.Name;

            case FaultKind.ScaleUp:
                var wanted = random.Next(Settings.MostReaders / 2, Settings.MostReaders + 1);
                while (pool.Count < wanted)
                    pool.Start();
                return null;

            case FaultKind.ScaleDown:
                var left = random.Next(1, 3);
                await Task.WhenAll(Enumerable.Range(0, Math.Max(0, pool.Count - left)).Select(_ => pool.RemoveAsync(pool.Pick(random), one => one.StopAsync())));
                return null;

            case FaultKind.PartitionReader:
                var apart = pool.Pick(random);
                apart.Network.Freeze();
                await Task.Delay(TimeSpan.FromSeconds(2 + 8 * random.NextDouble()));
                apart.Network.Thaw();
                return apart.Name;

            default:
                var terminated = pool.Pick(random);
                await database.TerminateAsync(terminated.Name);
                return terminated.Name;
        }
    }
}
