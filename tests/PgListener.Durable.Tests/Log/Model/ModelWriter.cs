namespace PgListener.Durable.Tests.Log.Model;

/// <summary>A session that writes: one random step at a time.</summary>
internal sealed class ModelWriter(Session session, Random random, string schedule, bool isSlow) : IAsyncDisposable
{
    private static readonly string?[] Keys = [null, "x", "y", "z"];

    private readonly List<ModelMessage> _pending = [];
    private readonly Stack<int> _savepoints = new();
    private bool _inTransaction;

    /// <summary>Takes a step.</summary>
    public Task StepAsync(ModelRun run)
    {
        if (!_inTransaction)
            return random.Next(4) == 0 ? PublishAloneAsync(run) : BeginAsync();
        return random.Next(isSlow ? 300 : 100) switch
        {
            < 8 => CommitAsync(run),
            < 14 => RollBackAsync(),
            < 18 => PrepareAsync(run),
            < 28 => SaveAsync(),
            < 36 when _savepoints.Count > 0 => RollBackToAsync(),
            < 42 => session.QueryAsync<string>("select pg_current_xact_id()::text"),
            _ => PublishAsync(run),
        };
    }

    /// <summary>Ends what is open.</summary>
    public Task EndAsync(ModelRun run) => !_inTransaction ? Task.CompletedTask : random.Next(2) == 0 ? CommitAsync(run) : RollBackAsync();

    public ValueTask DisposeAsync() => session.DisposeAsync();

    private async Task BeginAsync()
    {
        await session.BeginAsync();
        _inTransaction = true;
    }

    private async Task PublishAloneAsync(ModelRun run)
    {
        var message = run.Add(PickChannel(), key: null);
        await session.PublishAsync(message.Payload, message.Channel);
        message.Committed = run.Step;
    }

    private async Task PublishAsync(ModelRun run)
    {
        var key = Keys[random.Next(Keys.Length)];
        // The writers of a key wait for each other; here, one that would have to wait does something else.
        if (key is not null && !await session.QueryAsync<bool>($"select pg_try_advisory_xact_lock(hashtextextended('{schedule}{key}', 0))"))
            return;

        var message = run.Add(PickChannel(), key);
        await session.PublishAsync(message.Payload, message.Channel, key);
        _pending.Add(message);
    }

    private async Task SaveAsync()
    {
        await session.ExecuteAsync($"savepoint s{_savepoints.Count}");
        _savepoints.Push(_pending.Count);
    }

    private async Task RollBackToAsync()
    {
        var count = _savepoints.Pop();
        await session.ExecuteAsync($"rollback to s{_savepoints.Count}");
        _pending.RemoveRange(count, _pending.Count - count);
    }

    private async Task CommitAsync(ModelRun run)
    {
        await session.CommitAsync();
        run.Commit(_pending);
        Forget();
    }

    private async Task RollBackAsync()
    {
        await session.ExecuteAsync("rollback");
        Forget();
    }

    private async Task PrepareAsync(ModelRun run)
    {
        var name = $"{schedule}{run.Step}";
        await session.ExecuteAsync($"prepare transaction '{name}'");
        run.Prepared.Add((name, [.. _pending]));
        Forget();
    }

    private void Forget()
    {
        _pending.Clear();
        _savepoints.Clear();
        _inTransaction = false;
    }

    private string PickChannel() => random.Next(2) == 0 ? ModelRun.First(schedule) : ModelRun.Second(schedule);
}
