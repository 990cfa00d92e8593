using System.Diagnostics;

namespace PgListener.Bench;

/// <summary>Several consumer processes on one database.</summary>
internal sealed class Team(BenchDatabase database) : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly List<ConsumerProcess> _members = [];

    public IReadOnlyList<ConsumerProcess> Members => _members;

    public async Task<ConsumerProcess> AddAsync(BenchCase benchCase, CancellationToken cancellationToken)
    {
        var member = await ConsumerProcess.StartAsync(benchCase, database.DataSource, cancellationToken);
        _members.Add(member);
        return member;
    }

    /// <summary>Puts messages there while the members run, and waits until they have got all of them.</summary>
    /// <returns>What each has got.</returns>
    /// <exception cref="BenchException">They have not got each of them once.</exception>
    public async Task<IReadOnlyList<MeterState>> MeasureAsync(Waiting waiting, MeterOrder order, CancellationToken cancellationToken)
    {
        await Task.WhenAll(_members.Select(member => member.ArmAsync(order, cancellationToken)));
        await waiting.SendAsync(database.DataSource, cancellationToken);
        var states = await WaitAsync(waiting.Count, cancellationToken);
        var (count, sum) = (states.Sum(state => state.Count), states.Sum(state => state.Sum));
        return count == waiting.Count && sum == waiting.Count * (waiting.Count + 1L) / 2
            ? states
            : throw new BenchException($"All together got {count} messages with the sum {sum}, not {waiting.Count}.");
    }

    /// <summary>Waits until they have got so many since they were armed, or for the longest time.</summary>
    /// <returns>What each has got.</returns>
    public async Task<IReadOnlyList<MeterState>> WaitAsync(long count, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var states = await LookAsync(cancellationToken);
        while (states.Sum(state => state.Count) < count && Stopwatch.GetElapsedTime(begin) < Limit)
        {
            await Task.Delay(LookInterval, cancellationToken);
            states = await LookAsync(cancellationToken);
        }

        return states;
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_members.Select(member => member.DisposeAsync().AsTask()));

    private async Task<IReadOnlyList<MeterState>> LookAsync(CancellationToken cancellationToken)
        => await Task.WhenAll(_members.Select(member => member.LookAsync(cancellationToken)));
}
