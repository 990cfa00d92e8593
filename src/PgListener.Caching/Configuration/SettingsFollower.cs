using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PgListener.Telemetry;

namespace PgListener.Configuration;

/// <summary>Keeps settings as the table has them: listens, then reads, and reads again after each notification and each gap.</summary>
internal sealed class SettingsFollower : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private readonly PostgresConfigurationOptions _options;
    private readonly string _table;
    private readonly Action _announce;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly SettingsTable _source;
    private readonly SettingsInForce _inForce;
    private readonly SettingsFeedCheck _check;
    private readonly Listener _listener;
    private readonly ReadingPace _pace;

    /// <summary>One reading at a time, so that settings never become older.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>At most one signal waits: it stands for all changes since the last reading has begun.</summary>
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _end = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>The thread on which the application reacts to a change.</summary>
    private int? _announcer;

    /// <summary>Whether it was read after the server had begun to listen, so that the gap of the listener's start has nothing to tell.</summary>
    private volatile bool _isRead;

    /// <summary>Whether the triggers may have been removed since they were checked.</summary>
    private volatile bool _isUnchecked = true;

    /// <param name="connectionString">How to connect.</param>
    /// <param name="options">The options.</param>
    /// <param name="set">Gives the application other settings.</param>
    /// <param name="announce">Tells it that they are other ones.</param>
    /// <exception cref="ArgumentException">The connection string is wrong.</exception>
    public SettingsFollower(string connectionString, PostgresConfigurationOptions options, Action<Dictionary<string, string?>> set, Action announce)
    {
        _options = options;
        _table = options.Table.ReplaceLineEndings(" ");
        _announce = announce;
        _logger = new SafeLogger((options.Listener.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("PgListener"));
        _time = options.Listener.TimeProvider ?? TimeProvider.System;
        _inForce = new(options, set, _time, _logger);
        _pace = new(_time);
        _source = new(connectionString, options);
        _check = new(_source, options, _logger);
        _listener = new(connectionString, options.Listener, options.ConfigureDataSource);
    }

    /// <summary>Whether this is the thread on which the application reacts to a change.</summary>
    public bool IsAnnouncing => _announcer == Environment.CurrentManagedThreadId;

    /// <summary>Listens, and then reads: a change that the reading does not see is notified of.</summary>
    /// <exception cref="InvalidOperationException">The table cannot be read, and the application must not start without it.</exception>
    public async Task StartAsync()
    {
        using var limit = new CancellationTokenSource(_options.StartupTimeout, _time);
        await _listener.SubscribeAsync(
            _options.EffectiveChannel, OnNotification, new() { Name = $"settings of {_table}", OnResync = OnGap, FullQueueMode = FullQueueMode.KeepLatest }, limit.Token).ConfigureAwait(false);
        try
        {
            await _listener.StartAsync(limit.Token).ConfigureAwait(false);
            _inForce.Take(await _source.ReadAsync(limit.Token).ConfigureAwait(false));
            _isRead = true;
        }
        catch (Exception e)
        {
            _inForce.StartWithout(e);
            _changed.Writer.TryWrite(true);
            if (!_listener.IsStarted)
                _listener.Start();
        }

        _listener.Listen();
        _loop = DetachedTask.Run(() => FollowAsync(_end.Token));
    }

    /// <summary>Reads the table now, for an application that asks for it. If it cannot be read, the settings stay as they are.</summary>
    public async Task ReadAgainAsync()
    {
        using var limit = new CancellationTokenSource(_options.StartupTimeout, _time);
        try
        {
            await TryReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // Another reading has taken all of the time. It logs its failure.
        }
    }

    /// <summary>Ends the listener, and waits for an announcement that is going on, as the configuration itself does. Nothing is announced after it.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _end.Dispose();
        _turn.Dispose();
    }

    /// <summary>Ends the listener, without waiting for an announcement that is going on.</summary>
    public async Task EndAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        _listener.AbortListen();
        await _listener.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private Task OnNotification(NotificationContext context, CancellationToken cancellationToken)
    {
        _changed.Writer.TryWrite(true);
        return Task.CompletedTask;
    }

    private Task OnGap(Resync resync, CancellationToken cancellationToken)
    {
        _isUnchecked = true;
        if (!_isRead || resync.Reason != ResyncReason.Started)
            _changed.Writer.TryWrite(true);
        return Task.CompletedTask;
    }

    private async Task FollowAsync(CancellationToken end)
    {
        try
        {
            while (true)
            {
                if (_isUnchecked && _inForce.Failures == 0)
                {
                    _isUnchecked = false;
                    await _check.RunAsync(end).ConfigureAwait(false);
                }

                await WaitAsync(end).ConfigureAwait(false);
                await Task.Delay(_pace.Next(_options.ReloadDelay, Random.Shared.NextDouble()), _time, end).ConfigureAwait(false);
                _changed.Reader.TryRead(out _); // A signal that comes from here on is about something that the reading may not see.
                _pace.Begin();
                var isOther = await TryReadAsync(end).ConfigureAwait(false);
                _pace.End();
                if (isOther)
                    Announce(end);
            }
        }
        catch (Exception) when (end.IsCancellationRequested)
        {
            // That is how it ends, which may surface as any exception.
        }
    }

    /// <summary>Waits for a signal. After a failure the time is one too. While the listener does not listen, it is the longest one: when it listens again, the gap is the signal.</summary>
    private async Task WaitAsync(CancellationToken end)
    {
        if (_inForce.Failures == 0)
        {
            await _changed.Reader.WaitToReadAsync(end).ConfigureAwait(false);
            return;
        }

        var first = _listener.State == ListenerState.Listening ? FirstRetry : LongestRetry;
        using var retry = new CancellationTokenSource(Backoff.Next(_inForce.Failures, first, LongestRetry, Random.Shared.NextDouble()), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end, retry.Token);
        try
        {
            await _changed.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            // The time has come.
        }
    }

    /// <returns>Whether the settings are other ones now.</returns>
    private async Task<bool> TryReadAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _inForce.Take(await _source.ReadAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (!_end.IsCancellationRequested)
        {
            _inForce.Fail(e);
            return false;
        }
        catch
        {
            return false; // It has ended, which may surface as any exception.
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Announce(CancellationToken end)
    {
        end.ThrowIfCancellationRequested();
        _announcer = Environment.CurrentManagedThreadId;
        try
        {
            _announce();
        }
        catch (Exception e)
        {
            var errors = e is AggregateException several ? several.Flatten().InnerExceptions : [e];
            _logger.ReactionFailed(_table, string.Join(", ", errors.Select(error => error.GetType().Name).Distinct(StringComparer.Ordinal)));
        }
        finally
        {
            _announcer = null;
        }
    }
}
