using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Dashboard.DurableChannels;

/// <summary>
/// Reads the durable channels of all listeners, in the background, when somebody asks for them and the latest reading is no longer new. So the database is
/// asked only while somebody looks, once for all who do, and one that does not answer delays nobody.
/// </summary>
internal sealed class DurableSampler(IServiceProvider services, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    /// <summary>The least time from the end of a reading to the next.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>How long a reading may take.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>The time between readings is at least this many times as long as the reading took, so that the page uses little of a busy server.</summary>
    private const int Rest = 9;

    private readonly Lock _sync = new();
    private (string Listener, IDurableChannels Channels)[]? _channels;
    private IReadOnlyList<DurableInfo> _latest = [];
    private IReadOnlyDictionary<string, Type?> _failures = new Dictionary<string, Type?>(StringComparer.Ordinal);
    private (long Ended, TimeSpan Pause) _last;
    private bool _isDue = true;
    private Task _running = Task.CompletedTask;

    /// <summary>Sets where to read.</summary>
    /// <param name="listeners">The names of the listeners.</param>
    public void Start(IEnumerable<string> listeners)
    {
        var channels = listeners.Select(name => (Name: name, Channels: Resolve(name))).Where(static one => one.Channels is not null).Select(static one => (one.Name, one.Channels!)).ToArray();
        lock (_sync)
            _channels = channels;
    }

    /// <summary>The durable channels of a listener; <see langword="null"/> if it has none.</summary>
    public IDurableChannels? ChannelsOf(string listener)
    {
        // Services are not asked for by a name from outside: a container remembers each name that it was asked for.
        lock (_sync)
            return _channels?.FirstOrDefault(one => one.Listener == listener).Channels;
    }

    /// <summary>The latest reading; the same object until there is another one, and empty without durable channels. Begins a reading if this one is no longer new.</summary>
    public IReadOnlyList<DurableInfo> Latest()
    {
        lock (_sync)
        {
            if (_channels is { Length: > 0 } channels && _running.IsCompleted && (_isDue || time.GetElapsedTime(_last.Ended) >= _last.Pause) && !stopping.IsCancellationRequested)
            {
                _isDue = false;
                var (before, failures) = (_latest, _failures);
                _running = Task.Run(() => ReadAsync(channels, before, failures), CancellationToken.None);
            }

            return _latest;
        }
    }

    /// <summary>Waits for the reading that is running, if there is one, and begins one before if it is due.</summary>
    public Task RefreshAsync()
    {
        Latest();
        lock (_sync)
            return _running;
    }

    /// <summary>Has the next caller read, because something was changed.</summary>
    public void Expire()
    {
        lock (_sync)
            _isDue = true;
    }

    private IDurableChannels? Resolve(string listener)
        => listener.Length == 0 ? services.GetService<IDurableChannels>() : services.GetKeyedService<IDurableChannels>(listener);

    private async Task ReadAsync((string Listener, IDurableChannels Channels)[] channels, IReadOnlyList<DurableInfo> before, IReadOnlyDictionary<string, Type?> failed)
    {
        var begun = time.GetTimestamp();
        var readings = await Task.WhenAll(channels.Select(one => ReadAsync(one.Listener, one.Channels, before.FirstOrDefault(known => known.Listener == one.Listener), failed.GetValueOrDefault(one.Listener)))).ConfigureAwait(false);
        lock (_sync)
        {
            _latest = Array.ConvertAll(readings, static reading => reading.Info);
            _failures = readings.ToDictionary(static reading => reading.Info.Listener, static reading => reading.Failure, StringComparer.Ordinal);
            var pause = time.GetElapsedTime(begun) * Rest;
            _last = (time.GetTimestamp(), pause > Interval ? pause : Interval);
        }
    }

    private async Task<(DurableInfo Info, Type? Failure)> ReadAsync(string listener, IDurableChannels channels, DurableInfo? before, Type? failed)
    {
        try
        {
            using var limit = new CancellationTokenSource(Limit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
            var status = await channels.GetStatusAsync(either.Token).ConfigureAwait(false);
            var deadLetters = status.Subscriptions.Any(static subscription => subscription.DeadLetters > 0)
                ? await channels.CountParkedMessagesAsync(new(), either.Token).ConfigureAwait(false)
                : [];
            return (DurableInfo.From(listener, time.GetUtcNow(), status, deadLetters, CoordinationProblem(channels)), null);
        }
        catch (Exception e)
        {
            // Whatever it is, the rest of the page is shown. It is logged once for each kind, until a reading succeeds.
            if (failed != e.GetType() && !stopping.IsCancellationRequested)
                logger.DurableLookFailed(e, listener.ReplaceLineEndings(" "));
            var problem = $"The durable channels could not be read ({e.GetType().Name}). {CoordinationProblem(channels)}".TrimEnd();
            return ((before ?? new() { Listener = listener }) with { Problem = problem }, e.GetType());
        }
    }

    /// <summary>Costs nothing: it is known in this process.</summary>
    private static string? CoordinationProblem(IDurableChannels channels)
        => channels.GetStatistics() is { IsCoordinating: false, Problem: { } problem } ? $"Handlers are not called in this instance: {problem}" : null;
}
