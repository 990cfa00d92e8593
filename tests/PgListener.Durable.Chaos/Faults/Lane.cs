using System.Diagnostics;
using PgListener.Durable.Chaos.Logs;

namespace PgListener.Durable.Chaos.Faults;

/// <summary>Does the steps of one lane, one after the other.</summary>
internal sealed class Lane(IEnumerable<Step> steps, Func<FaultKind, Random, Task<string?>> perform, RunLog log)
{
    /// <summary>Ends with the last step, or with the one that is in work when the time is over.</summary>
    public async Task RunAsync(CancellationToken over)
    {
        var clock = Stopwatch.StartNew();
        foreach (var step in steps)
        {
            var wait = step.At - clock.Elapsed;
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
                return;

            var begun = DateTimeOffset.UtcNow;
            var process = await perform(step.Kind, new Random(step.Seed));
            log.Add(new Fault(step.Kind, process, begun, DateTimeOffset.UtcNow));
        }
    }
}
