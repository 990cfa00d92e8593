using System.Diagnostics;

namespace WebApi.Tests;

internal static class Eventually
{
    /// <summary>How long anything may take. It is reached only when something is broken.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    /// <summary>Asks again until the answer is the expected one.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T>> ask, Func<T, bool> isExpected)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var answer = await ask();
            if (isExpected(answer))
                return answer;
            if (watch.Elapsed > Limit)
                Assert.Fail($"Not within {Limit}. The last answer was: {answer}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }
}
