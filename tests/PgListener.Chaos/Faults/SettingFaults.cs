using Npgsql;
using PgListener.Chaos.Subjects;

namespace PgListener.Chaos.Faults;

/// <summary>
/// What an administrator sets for the role of a listener, and what happens to its clock. None of it is a reason not to listen:
/// the session sets what it needs for itself.
/// </summary>
internal sealed class SettingFaults(ChaosDatabase database, IReadOnlyList<Subject> subjects)
{
    private static readonly TimeSpan ShortestTime = Settings.DetectionLimit;
    private static readonly TimeSpan LongestTime = Settings.DetectionLimit * 2;

    /// <summary>Does it, and heals it.</summary>
    public async Task<string?> PerformAsync(FaultKind kind, Random random)
    {
        var subject = random.Of(subjects);
        var time = random.Between(ShortestTime, LongestTime);
        switch (kind)
        {
            case FaultKind.IdleSessionTimeout:
                return await WithRoleAsync(subject, [$"idle_session_timeout = {random.Next(200, 900)}"], time);
            case FaultKind.StatementTimeout:
                return await WithRoleAsync(subject, [$"statement_timeout = {random.Next(3, 50)}"], time);
            case FaultKind.ReadOnlyByDefault:
                return await WithRoleAsync(subject, ["default_transaction_read_only = on"], time);
            case FaultKind.SerializableDeferrable:
                var writing = WriteAsync(time);
                var detail = await WithRoleAsync(subject, ["default_transaction_isolation = 'serializable'", "default_transaction_read_only = on", "default_transaction_deferrable = on"], time);
                await writing;
                return detail;
            case FaultKind.ClockBack:
                return await WithClockAsync(subject, TimeSpan.FromHours(-1), random);
            case FaultKind.ClockForward:
                return await WithClockAsync(subject, TimeSpan.FromHours(1), random);
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null);
        }
    }

    /// <summary>The settings of a role apply to sessions that begin after them.</summary>
    private async Task<string> WithRoleAsync(Subject subject, string[] settings, TimeSpan time)
    {
        await database.ExecuteAsync(string.Join("; ", settings.Select(setting => $"alter role {subject.Role} set {setting}")));
        await database.CutAllAsync(subject);
        await Task.Delay(time);
        await database.ExecuteAsync($"alter role {subject.Role} reset all");
        await database.CutAllAsync(subject);
        return $"{subject.Name}, {string.Join(", ", settings)}, {time.TotalSeconds:0.0} s";
    }

    /// <summary>A transaction that deferrable ones wait for, one after the other.</summary>
    private async Task WriteAsync(TimeSpan time)
    {
        try
        {
            await using var connection = new NpgsqlConnection(database.ConnectionString);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("begin isolation level serializable; update written set number = number + 1", connection);
            await command.ExecuteNonQueryAsync();
            await Task.Delay(time);
            command.CommandText = "commit";
            await command.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException)
        {
            // The server was stopped meanwhile, and with it the transaction.
        }
    }

    /// <summary>A gap begins by one clock and ends by another; then the clock is put right in the same way.</summary>
    private async Task<string> WithClockAsync(Subject subject, TimeSpan offset, Random random)
    {
        await ServerFaults.ListeningProcessAsync(subject);
        subject.Clock.Set(offset);
        await database.CutAllAsync(subject);
        await ServerFaults.ListeningProcessAsync(subject);
        await Task.Delay(random.Milliseconds(500, 2_000));
        subject.Clock.Set(TimeSpan.Zero);
        await database.CutAllAsync(subject);
        return $"{subject.Name}, {offset.TotalMinutes:0} min";
    }

    /// <summary>Every role is as it was, and every clock is right.</summary>
    public async Task HealAsync()
    {
        foreach (var subject in subjects)
        {
            subject.Clock.Set(TimeSpan.Zero);
            await database.ExecuteAsync($"alter role {subject.Role} reset all");
        }
    }
}
