namespace Worker;

/// <summary>Looks for jobs every minute. A job becomes free without a notification when the worker that had taken it has died or was stopped.</summary>
internal sealed class Rounds(JobHandler<Mails> mails, JobHandler<Reports> reports) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1));
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await Task.WhenAll(mails.WorkAsync(stoppingToken), reports.WorkAsync(stoppingToken));
    }
}
