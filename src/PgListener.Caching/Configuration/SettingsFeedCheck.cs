using Microsoft.Extensions.Logging;
using PgListener.ChangeFeeds;

namespace PgListener.Configuration;

/// <summary>Checks the triggers of the table, so that changes which nobody is told of are noticed.</summary>
internal sealed class SettingsFeedCheck(SettingsTable source, PostgresConfigurationOptions options, ILogger logger)
{
    private string? _problem;

    /// <summary>Checks them, and logs what is wrong, or is right again. With a channel of the application's own, its triggers are its own too.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Channel is not null)
            return;

        try
        {
            var problem = await source.ProblemWithFeedAsync(cancellationToken).ConfigureAwait(false);
            if (problem is not null && problem != _problem)
                logger.FeedProblem(problem);
            else if (problem is null && _problem is not null)
                logger.FeedInOrder(options.Table.ReplaceLineEndings(" "));
            _problem = problem;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The settings are in force, whatever has failed here.
            logger.FeedsUnchecked(ReadProblem.Of(e, options));
        }
    }
}
