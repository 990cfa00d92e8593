using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace PgListener.Durable.Membership;

/// <summary>The wake-ups since the last look.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The semaphore holds nothing to release, and a wake-up may come late.")]
internal sealed class WakeUps : IWakeUps
{
    private readonly ConcurrentDictionary<string, bool> _woken = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _signal = new(0, 1);
    private volatile IReadOnlySet<string> _channels = new HashSet<string>();

    /// <summary>The channels that have streams here, by their names in the log.</summary>
    private readonly ConcurrentDictionary<string, Hearing> _ofStreams = new(StringComparer.Ordinal);

    /// <summary>The channels of the handlers here. Those that have neither handlers nor streams are ignored.</summary>
    public IReadOnlySet<string> Channels
    {
        set => _channels = value;
    }

    /// <summary>Heeds the wake-ups of a channel that has streams here, until what it returns is disposed of. The last streams may end while the next begin.</summary>
    public IDisposable HearForStreams(string channel) => _ofStreams[channel] = new(this, channel);

    public void Wake(string channel)
    {
        if ((_channels.Contains(channel) || _ofStreams.ContainsKey(channel)) && _woken.TryAdd(channel, true))
            Signal();
    }

    /// <summary>Ends the current wait, or else the next.</summary>
    public void Signal()
    {
        lock (_signal)
        {
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
    }

    /// <summary>Waits for a wake-up or a signal.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> WaitAsync(TimeSpan limit) => _signal.WaitAsync(limit);

    /// <summary>The channels of the wake-ups since the last call.</summary>
    public IReadOnlyCollection<string> Take()
    {
        var taken = new List<string>();
        foreach (var channel in _woken.Keys)
        {
            if (_woken.TryRemove(channel, out _))
                taken.Add(channel);
        }

        return taken;
    }

    private sealed class Hearing(WakeUps wakeUps, string channel) : IDisposable
    {
        public void Dispose() => wakeUps._ofStreams.TryRemove(new(channel, this));
    }
}
