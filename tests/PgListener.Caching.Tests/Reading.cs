namespace PgListener.Caching.Tests;

/// <summary>A source that has read its value, and does not return it until it is told to.</summary>
internal sealed class Reading
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    /// <summary>Whether it fails with its token's cancellation.</summary>
    public bool Cancels { get; init; }

    /// <summary>Whether a cancellation makes it fail with an error of its own, as some clients of databases do.</summary>
    public bool Fails { get; init; }

    public Task HasBegun => _begun.Task;

    public Task HasEnded => _ended.Task;

    /// <summary>How often it was read.</summary>
    public int Count => _count;

    /// <summary>The token of the latest reading.</summary>
    public CancellationToken Token { get; private set; }

    /// <summary>One that returns at once.</summary>
    public static Reading AtOnce()
    {
        var reading = new Reading();
        reading.End();
        return reading;
    }

    public void End() => _end.TrySetResult();

    public async ValueTask<string> ReadAsync(string value, CancellationToken token)
    {
        Token = token;
        Interlocked.Increment(ref _count);
        _begun.TrySetResult();
        await _end.Task;
        if (Cancels)
            token.ThrowIfCancellationRequested();
        if (Fails && token.IsCancellationRequested)
            throw new InvalidTimeZoneException();
        _ended.TrySetResult();
        return value;
    }
}
