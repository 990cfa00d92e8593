using PgListener.Chaos.Subjects;

namespace PgListener.Chaos.Faults;

/// <summary>How a listener can be stopped and started again.</summary>
internal sealed class StopFaults(Cast cast)
{
    private static readonly TimeSpan Hurry = TimeSpan.FromMilliseconds(100);

    /// <summary>Long enough to be left behind by a stop, and to return into the next run.</summary>
    private static readonly TimeSpan HangPastStop = Settings.DrainTimeout + TimeSpan.FromSeconds(2.5);

    private readonly DirectSubject _subject = cast.Restarted;

    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        switch (kind)
        {
            case FaultKind.StopAndStart:
                var inHurry = await StopAsync(random);
                await Task.Delay(random.Milliseconds(0, 800));
                await _subject.StartAsync(random);
                return _subject.Name + (inHurry ? ", in a hurry" : "");
            case FaultKind.StopAndStartWhileHanging:
                return await WhileHangingAsync(random);
            case FaultKind.StopAndStartWhileFrozen:
                // Toward the server only: what the server sends is still being read when the connection is given up.
                _subject.Proxy.FreezeToServer();
                await Task.Delay(random.Milliseconds(0, 500));
                await _subject.StopAsync();
                _subject.Proxy.Thaw();
                _subject.Start();
                return _subject.Name;
            case FaultKind.StopCancelledAndStart:
                return await CancelledAsync(random);
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }
    }

    private async Task<string?> WhileHangingAsync(Random random)
    {
        var hanging = random.Of([.. cast.Recorders.Where(recorder => recorder.Subject == _subject)]);
        var hangs = hanging.Send(_ => Task.Delay(HangPastStop, CancellationToken.None));
        if (await Task.WhenAny(hangs, Task.Delay(TimeSpan.FromSeconds(3))) != hangs)
            return null; // Nothing has arrived for it. The errand remains, for later.

        await Task.Delay(random.Milliseconds(0, 500));
        await StopAsync(random);
        _subject.Start();
        return $"{_subject.Name}, while {hanging.Log.Name} hangs for {HangPastStop.TotalSeconds:0.0} s";
    }

    /// <summary>
    /// The token of the stop is cancelled already. Then the server is there for the start, or it is not: in that case a subscription
    /// made after the start to a channel that was heard before may not complete as if it were heard.
    /// </summary>
    private async Task<string> CancelledAsync(Random random)
    {
        var isThere = random.Chance(0.5);
        var goesFirst = random.Chance(0.5);
        if (!isThere && goesFirst)
            TakeServerAway();
        await _subject.StopAsync(new CancellationToken(canceled: true));
        if (!isThere)
            TakeServerAway();
        _subject.Start();
        if (isThere)
            return $"{_subject.Name}, server there";

        await ListenInVainAsync(random);
        _subject.Proxy.Refuses = false;
        return $"{_subject.Name}, server away {(goesFirst ? "before" : "after")} the stop";
    }

    /// <summary>Also from the connections that somebody's pool holds.</summary>
    private void TakeServerAway()
    {
        _subject.Proxy.Refuses = true;
        _subject.Proxy.ResetAll();
    }

    private async Task ListenInVainAsync(Random random)
    {
        using var limit = new CancellationTokenSource(random.Milliseconds(100, 600));
        try
        {
            var subscription = await _subject.SubscribeAsync(Settings.Channels[0], (_, _) => Task.CompletedTask, new() { FullQueueMode = FullQueueMode.Drop }, limit.Token);
            if (_subject.Proxy.Refuses) // A fault of the network, healed meanwhile, can have let it in.
                cast.Log.AddError($"{_subject.Name} said that the server listens, right after a start, when there was no server.");
            await subscription.DisposeAsync();
        }
        catch (OperationCanceledException)
        {
            // As it has to be.
        }
    }

    /// <summary>Stops, and sometimes loses its patience.</summary>
    private async Task<bool> StopAsync(Random random)
    {
        if (!random.Chance(0.3))
        {
            await _subject.StopAsync();
            return false;
        }

        using var hurry = new CancellationTokenSource(Hurry);
        await _subject.StopAsync(hurry.Token);
        return true;
    }
}
