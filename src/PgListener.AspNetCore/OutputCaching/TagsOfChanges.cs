using Microsoft.Extensions.Logging;

namespace PgListener.OutputCaching;

/// <summary>The application's function from changes to the tags of responses. If it fails, all responses of the table are evicted.</summary>
internal sealed class TagsOfChanges<T>(Func<Changes<T>, IEnumerable<string>> tagsOf, string[] allTags)
{
    private int _isLogged;

    /// <summary>Gets the tags, each of them once.</summary>
    public IReadOnlyCollection<string> Get(Changes<T> changes, ILogger logger)
    {
        try
        {
            string[] tags = [.. tagsOf(changes).Distinct(StringComparer.Ordinal)];
            return tags.Any(string.IsNullOrWhiteSpace) ? throw new InvalidOperationException("The function has returned an empty tag.") : tags;
        }
        catch (Exception e)
        {
            // The application's function may throw anything, and would again; once in the log is enough.
            if (Interlocked.Exchange(ref _isLogged, 1) == 0)
                logger.TagsUnknown(e, typeof(T).Name);
            return allTags;
        }
    }
}
