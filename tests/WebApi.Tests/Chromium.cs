using Microsoft.Playwright;
using WebApi.Tests;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace WebApi.Tests;

/// <summary>A Chromium or Chrome that is installed on this machine; nothing is downloaded. Started when the first test asks for a page.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Opens an empty page with cookies and caches of its own.</summary>
    internal async Task<IPage> OpenPageAsync(BrowserNewPageOptions? options = null)
    {
        if (Find() is not { } program)
        {
            Assert.Skip("There is no Chromium: install one, or let PGLISTENER_CHROMIUM name the program.");
            return null!;
        }

        await _oneAtATime.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            Environment.SetEnvironmentVariable("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = Flags });
            var page = await _browser.NewPageAsync(options);
            page.SetDefaultTimeout((float)Eventually.Limit.TotalMilliseconds);
            return page;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _oneAtATime.Dispose();
    }

    private static string? Find()
    {
        var programFiles = Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles);
        string?[] candidates =
        [
            Environment.GetEnvironmentVariable("PGLISTENER_CHROMIUM"),
            "/usr/bin/chromium",
            "/usr/bin/chromium-browser",
            "/usr/bin/google-chrome",
            "/snap/bin/chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            Path.Combine(programFiles, "Google", "Chrome", "Application", "chrome.exe"),
            Path.Combine(programFiles + " (x86)", "Microsoft", "Edge", "Application", "msedge.exe"),
        ];
        return candidates.FirstOrDefault(File.Exists);
    }
}
