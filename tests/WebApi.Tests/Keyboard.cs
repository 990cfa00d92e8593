using Microsoft.Playwright;

namespace WebApi.Tests;

/// <summary>Goes through a page with the Tab key alone.</summary>
internal static class Keyboard
{
    private const string All = "[...document.querySelectorAll('a[href], button, select, input, textarea, summary, [tabindex=\"0\"]')].filter(e => e.checkVisibility())";

    /// <summary>Names what can be used and was not reached, or does not show that it has the focus.</summary>
    public static async Task<IReadOnlyList<string>> FindUnreachableAsync(IPage page)
    {
        var left = (await page.EvaluateAsync<string[]>($"{All}.map((e, i) => `${{i}} ${{e.outerHTML.slice(0, 80)}}`)")).ToList();
        Assert.NotEmpty(left);

        // Two more, since it may begin in the middle: then it comes past the end.
        for (var presses = left.Count + 2; presses > 0; presses--)
        {
            await page.Keyboard.PressAsync("Tab");
            var reached = await page.EvaluateAsync<string>(
                $"(() => {{ const e = document.activeElement, style = getComputedStyle(e); return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 ? `${{{All}.indexOf(e)}} ` : 'none'; }})()");
            left.RemoveAll(one => one.StartsWith(reached, StringComparison.Ordinal));
        }

        return left;
    }
}
